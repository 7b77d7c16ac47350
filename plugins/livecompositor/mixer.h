// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "livecompositor/board.h"
#include "livecompositor/speaker.h"

namespace livecompositor {

/// Sums the inputs, each with its gain. A gain moves to its new value within one block, and an input that leaves fades
/// out in one, so that nothing clicks. Pictures get the delay of the sound beside them: lips move with the voice.
/// Thread-bound: audio thread.
class Mixer {
  public:
    static constexpr int kBlockFrames = kSampleRate / 100; // 10 ms

    /// One block of `sum` from `position` on. `levels` becomes how loud each input that is heard is before its gain.
    void mix(const AudioSnapshot &snapshot, int64_t position, std::span<float> sum,
             std::vector<SpeakerDetector::Level> &levels);
    void restart() { channels_.clear(); }

  private:
    struct Channel {
        std::shared_ptr<AudioSource> source;
        std::shared_ptr<VideoSource> picture; ///< null = none
        float gain = 0;                       ///< at the end of the last block
        float wanted = 0;
        bool gone = false;
    };
    void adopt(const AudioSnapshot &snapshot);

    std::vector<Channel> channels_;
    std::vector<float> input_ = std::vector<float>(kBlockFrames * kChannels);
};

} // namespace livecompositor
