// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The directory of an HLS stream: initialization segments and segments by rendition, and the journal. Blocks as the
// disk does. Thread-bound: one thread.

#pragma once

#include "journal.h"
#include "packager.h"

#include <stdexcept>

namespace rostrum::session {

struct HlsSetup {
    struct Rendition {
        std::string name;
        unsigned peak_bps, average_bps;
    };
    std::string directory;
    std::vector<Rendition> renditions;
    bool with_video = true;
    int64_t epoch_ms = 0; // since 1970, when the pipeline's running time was 0
    unsigned dvr_ms = 0;
    bool keep = true;
};

/// The disk refused; what was written before stays.
struct DiskError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

class HlsFiles : public hls::PackageSink {
  public:
    /// Takes up what an earlier process has left: its last segment ends where it stopped. Throws DiskError, as all the
    /// others do.
    explicit HlsFiles(HlsSetup setup);
    ~HlsFiles() override;
    HlsFiles(const HlsFiles &) = delete;
    HlsFiles &operator=(const HlsFiles &) = delete;

    const hls::Timeline &timeline() const { return timeline_; }
    std::vector<unsigned> next_generations() const;
    uint64_t bytes() const { return bytes_; } // of segments, written by this process
    uint64_t lines() const { return lines_; } // of the journal, likewise

    void put_init(size_t rendition, unsigned generation, const hls::Tracks &tracks, const std::string &bytes) override;
    void begin_segment(size_t rendition, uint64_t sequence, int64_t time_ns, unsigned generation,
                       bool discontinuity) override;
    void put_part(size_t rendition, uint64_t sequence, unsigned index, int64_t duration_ns, bool independent,
                  const std::string &bytes) override;
    void end_segment(size_t rendition, uint64_t sequence) override;
    void end();

  private:
    std::string path(size_t rendition, const std::string &file) const;
    void recover();
    void complete_broken();
    void remove_old();
    void note(const std::string &line);

    const HlsSetup setup_;
    hls::Timeline timeline_;
    int journal_ = -1;
    std::vector<int> segments_; // open files, by rendition; -1 = none
    uint64_t bytes_ = 0, lines_ = 0;
};

} // namespace rostrum::session
