// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "livecompositor/limiter.h"
#include "livecompositor/mixer.h"
#include "livecompositor/output.h"
#include "livecompositor/speaker.h"

namespace livecompositor {

/// The sound: 48 kHz stereo S16 in blocks of 10 ms.
class AudioProducer final : public Producer {
  public:
    /// `on_speaker` is called on the audio thread without a lock when somebody else has the floor.
    AudioProducer(Board &board, std::function<void()> on_speaker) : board_(board), on_speaker_(std::move(on_speaker)) {}

    TimeNs next_time() const override;
    void skip_to(TimeNs time) override;
    TimeNs max_lag() const override;
    void restart() override;
    Product produce() override;

    static GstCaps *caps();

  private:
    Board &board_;
    const std::function<void()> on_speaker_;
    uint64_t version_ = 0;
    AudioSnapshot snapshot_;
    Mixer mixer_;
    Limiter limiter_;
    SpeakerDetector detector_;
    int64_t block_ = 0;
    bool announced_ = false;
    std::vector<float> sum_ = std::vector<float>(Mixer::kBlockFrames * kChannels);
    std::vector<SpeakerDetector::Level> levels_;
};

} // namespace livecompositor
