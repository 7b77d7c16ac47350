// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livecompositor/mixer.h"

#include <algorithm>
#include <cmath>

namespace livecompositor {

namespace {

float rms(std::span<const float> samples) {
    float sum = 0;
    for (float s : samples)
        sum += s * s;
    return std::sqrt(sum / static_cast<float>(samples.size()));
}

void add(std::span<float> sum, std::span<const float> in, float from, float to) {
    const float step = (to - from) / Mixer::kBlockFrames;
    for (size_t i = 0; i < sum.size(); ++i)
        sum[i] += in[i] * (from + step * static_cast<float>(i / kChannels));
}

} // namespace

/// Who is new starts with its gain; who is gone stays for one more block, in which it falls silent.
void Mixer::adopt(const AudioSnapshot &snapshot) {
    std::erase_if(channels_, [](const Channel &c) { return c.gone; });
    for (Channel &channel : channels_) {
        channel.gone = true;
        channel.wanted = 0;
    }
    for (const auto &entry : snapshot.sources) {
        auto channel = std::find_if(channels_.begin(), channels_.end(),
                                    [&](const Channel &c) { return c.source == entry.source; });
        if (channel == channels_.end())
            channel = channels_.insert(channel, {entry.source, nullptr, entry.gain});
        channel->picture = entry.picture;
        channel->wanted = entry.gain;
        channel->gone = false;
    }
}

void Mixer::mix(const AudioSnapshot &snapshot, int64_t position, std::span<float> sum,
                std::vector<SpeakerDetector::Level> &levels) {
    adopt(snapshot);
    levels.clear();
    std::fill(sum.begin(), sum.end(), 0.0f);
    for (Channel &channel : channels_) {
        channel.source->input.read(position, input_);
        if (channel.picture)
            channel.picture->input.set_delay(channel.gone ? 0 : channel.source->input.delay());
        add(sum, input_, channel.gain, channel.wanted);
        channel.gain = channel.wanted;
        if (channel.wanted > 0)
            levels.push_back({channel.source->index, rms(input_)});
    }
}

} // namespace livecompositor
