// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// One file that is being recorded: when it begins, how it ends. The elements are those of a recording branch of the
// plan.

#pragma once

#include "gst_ptr.h"
#include "running_branch.h"

namespace rostrum::session {

/// Lets the picture in from its first keyframe on, and the sound that goes with it: both begin at the same moment, so
/// that the file starts in sync. Thread-bound: main; the gates run on streaming threads.
class Recorder {
  public:
    /// `started` runs on the main thread when the first keyframe has been let in.
    Recorder(RunningBranch &branch, std::string path, std::function<void()> started);
    ~Recorder();
    Recorder(const Recorder &) = delete;
    Recorder &operator=(const Recorder &) = delete;

    /// Ends the file properly. `done` runs on the main thread when it is complete, or after kDrainMs at the latest:
    /// then the file keeps the fragments that were written.
    void finish(std::function<void()> done);

    const std::string &path() const { return path_; }
    bool has_started() const;
    uint64_t duration_ms() const;

    /// Asks for the keyframe to start with; call it when the branch is linked.
    void request_start();

  private:
    static constexpr unsigned kDrainMs = 3000;
    static constexpr unsigned kAskMs = 500;

    struct Gates;
    static GstPadProbeReturn video_gate(GstPad *pad, GstPadProbeInfo *info, gpointer gates);
    static GstPadProbeReturn hold_audio(GstPad *pad, GstPadProbeInfo *info, gpointer gates);
    static GstPadProbeReturn audio_gate(GstPad *pad, GstPadProbeInfo *info, gpointer gates);
    static GstPadProbeReturn end_of_file(GstPad *pad, GstPadProbeInfo *info, gpointer gates);

    const std::string path_;
    const std::shared_ptr<Gates> gates_;
    GstPtr<GstPad> video_in_, audio_in_;
    Timer asking_, deadline_;
};

/// `path` itself when there is no such file yet, else the first free "name.partN.mp4".
std::string free_part(const std::string &path);

/// The files of a recording that exist, in order.
std::vector<std::string> existing_parts(const std::string &path);

} // namespace rostrum::session
