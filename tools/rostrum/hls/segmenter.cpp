// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "segmenter.h"

#include <utility>

namespace rostrum::hls {

namespace {

// The picture before a hole stands still that long.
constexpr int64_t kLongestPictureNs = kSegmentNs;

void move_before(std::deque<Sample> &from, int64_t end_ns, std::vector<Sample> &to) {
    for (; !from.empty() && from.front().time_ns < end_ns; from.pop_front())
        to.push_back(std::move(from.front()));
}

} // namespace

void Segmenter::push_video(Sample sample) {
    pass_video(sample.time_ns + sample.duration_ns);
    const int64_t slot = slot_of(sample.time_ns);
    if (slot < slot_ || (slot != video_slot_ && !sample.keyframe))
        return;
    video_slot_ = slot;
    if (!video_.empty())
        video_.back().duration_ns = std::min(sample.time_ns - video_.back().time_ns, kLongestPictureNs);
    video_.push_back(std::move(sample));
}

void Segmenter::push_audio(Sample sample) {
    audio_end_ns_ = std::max(audio_end_ns_, sample.time_ns + sample.duration_ns);
    if (sample.time_ns >= slot_begin_ns(slot_))
        audio_.push_back(std::move(sample));
}

bool Segmenter::complete() const {
    const int64_t end = part_end_ns();
    if (!with_video_)
        return audio_end_ns_ >= end;
    if (video_end_ns_ < end)
        return false;
    return !with_audio_ || audio_end_ns_ >= end || video_end_ns_ >= end + kSoundLateNs;
}

Segmenter::Part Segmenter::cut(int64_t end_ns) {
    Part part;
    part.slot = slot_;
    part.index = index_;
    part.duration_ns = end_ns - part_begin_ns(slot_, index_);
    part.last = index_ + 1 == kPartsPerSegment;
    move_before(video_, end_ns, part.fragment.video);
    move_before(audio_, end_ns, part.fragment.audio);
    part.independent = with_video_ ? !part.fragment.video.empty() && part.fragment.video.front().keyframe
                                   : !part.fragment.audio.empty();
    index_ = part.last ? 0 : index_ + 1;
    slot_ += part.last;
    return part;
}

std::optional<Segmenter::Part> Segmenter::take() {
    if (!complete())
        return std::nullopt;
    return cut(part_end_ns());
}

std::optional<Segmenter::Part> Segmenter::take_rest() {
    if (auto part = take())
        return part;
    if (video_.empty() && audio_.empty())
        return std::nullopt;
    int64_t end = part_begin_ns(slot_, index_);
    for (const auto *samples : {&video_, &audio_})
        if (!samples->empty())
            end = std::max(end, samples->back().time_ns + samples->back().duration_ns);
    Part part = cut(std::min(end, part_end_ns()));
    part.last = part.last || (video_.empty() && audio_.empty());
    return part;
}

} // namespace rostrum::hls
