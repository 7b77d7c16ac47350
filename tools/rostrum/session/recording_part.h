// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// One part of a recording while it is made: a muxer, and the file that takes what it says.

#pragma once

#include "gst_ptr.h"
#include "part_file.h"

#include <atomic>

namespace rostrum::session {

/// Thread-bound: main, except Media.
class RecordingPart {
  public:
    /// What the gates tell. Thread-safe.
    struct Media {
        std::atomic<int64_t> started_at_ms{0};
        std::atomic<uint64_t> end_ms{0};
        std::atomic<uint64_t> bytes{0}; // on their way to the file
        std::atomic<unsigned> width{0}, height{0};
    };

    class Observer {
      public:
        virtual ~Observer() = default;
        virtual void part_opened(RecordingPart &part) = 0;
        virtual void part_begun(RecordingPart &part) = 0; // there is a file now
        virtual void part_failed(RecordingPart &part, const std::string &error) = 0;
        /// The file is complete.
        virtual void part_done(RecordingPart &part) = 0;
    };

    RecordingPart(GstElement *mux, GstElement *sink, std::shared_ptr<PartNames> names, FileFormat format,
                  Observer &observer);
    ~RecordingPart();
    RecordingPart(const RecordingPart &) = delete;
    RecordingPart &operator=(const RecordingPart &) = delete;

    const std::shared_ptr<Media> &media() const { return media_; }
    GstElement *mux() const { return mux_.get(); }
    const PartFile &file() const { return *file_; }
    bool done() const { return done_; }
    PartInfo info() const;

    /// Its elements have been replaced: they leave the pipeline with it.
    void retire() { retired_ = true; }
    bool retired() const { return retired_; }

  private:
    struct Sink;
    static GstPadProbeReturn on_bytes(GstPad *pad, GstPadProbeInfo *info, gpointer sink);

    Observer &observer_;
    const Alive alive_ = std::make_shared<bool>(true);
    const GstPtr<GstElement> mux_, sink_;
    const FileFormat format_;
    const std::shared_ptr<Media> media_ = std::make_shared<Media>();
    std::shared_ptr<PartFile> file_;
    bool done_ = false, retired_ = false;
};

} // namespace rostrum::session
