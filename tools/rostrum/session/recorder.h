// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A recording branch of the plan while it runs: the files it makes, one after the other.

#pragma once

#include "recording_gate.h"
#include "running_branch.h"

namespace rostrum::session {

/// Begins at a keyframe, sound and picture at the same moment. Goes over to a new part where the rules want it and
/// where the picture becomes one that the file cannot hold. Thread-bound: main; the gates run on streaming threads.
class Recorder : private RecordingPart::Observer {
  public:
    class Observer {
      public:
        virtual ~Observer() = default;
        virtual void recorder_started() = 0;     // the first picture has been let in
        virtual void recorder_written() = 0;     // there is a first file
        virtual void recorder_part_begins() = 0; // another one than the first
        /// It writes no more. May be told again.
        virtual void recorder_failed(const std::string &why) = 0;
    };

    Recorder(RunningBranch &branch, std::shared_ptr<PartNames> names, const RecordingRules &rules,
             std::unique_ptr<Observer> observer);
    ~Recorder() override;
    Recorder(const Recorder &) = delete;
    Recorder &operator=(const Recorder &) = delete;

    void set_rules(const RecordingRules &rules);

    /// Ends the files properly. `done` runs when they are complete, or after kDrainMs at the latest: then the file
    /// keeps what was written.
    void finish(std::function<void()> done);

    std::vector<PartInfo> parts() const;
    /// Whether the disk holds none of the files any longer; may be asked when the recorder is gone.
    PartFile::Over over() const;

    /// Asks for the keyframe to start with; call it when the branch is linked.
    void request_start();

  private:
    static constexpr unsigned kDrainMs = 3000;
    static constexpr unsigned kTickMs = 500;
    static constexpr uint64_t kBlockedMs = 5000; // a disk that has not taken a write for so long has failed

    void part_opened(RecordingPart &part) override;
    void part_begun(RecordingPart &part) override;
    void part_failed(RecordingPart &part, const std::string &error) override;
    void part_done(RecordingPart &part) override;

    void add_gates();
    void add_part();
    void make_part(unsigned part);
    void dispose(const RecordingPart &part);
    void fail(const std::string &why);
    bool tick();
    bool has_started() const;
    void ask_for_keyframe();

    RunningBranch &branch_;
    const std::shared_ptr<PartNames> names_;
    const std::unique_ptr<Observer> observer_;
    const Alive alive_ = std::make_shared<bool>(true);
    const std::shared_ptr<RecordingFlow> flow_ = std::make_shared<RecordingFlow>();
    std::vector<std::unique_ptr<RecordingPart>> parts_; // the last one is recorded
    std::vector<PartInfo> complete_;                    // those whose elements are gone already
    std::set<RecordingFlow::Stream> streams_;
    unsigned made_ = 0;                   // parts so far
    std::vector<GstPtr<GstPad>> entries_; // of the branch
    std::function<void()> finished_;
    Timer ticking_, deadline_;
};

} // namespace rostrum::session
