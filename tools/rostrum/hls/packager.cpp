// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "packager.h"

#include <utility>

namespace rostrum::hls {

Packager::Packager(const std::vector<unsigned> &generations, bool with_video, bool with_audio, uint64_t sequence,
                   PackageSink &sink)
    : with_video_(with_video), with_audio_(with_audio), first_sequence_(sequence), sink_(sink),
      renditions_(generations.size()) {
    for (size_t i = 0; i < generations.size(); ++i)
        renditions_[i].generation = generations[i];
}

bool Packager::known(const Rendition &rendition) const {
    return (!with_video_ || rendition.tracks.video) && (!with_audio_ || rendition.tracks.audio);
}

bool Packager::all_known() const {
    for (const auto &rendition : renditions_)
        if (!known(rendition))
            return false;
    return true;
}

void Packager::set_video(size_t index, VideoTrack track) {
    Rendition &rendition = renditions_[index];
    if (first_slot_ < 0)
        rendition.tracks.video = std::move(track);
    else if (rendition.tracks.video == track)
        rendition.next_video.reset();
    else if (!rendition.next_video || *rendition.next_video != track) {
        rendition.next_video = std::move(track);
        rendition.changes_at = 0;
    }
}

void Packager::set_audio(AudioTrack track) {
    for (auto &rendition : renditions_)
        if (first_slot_ < 0)
            rendition.tracks.audio = track;
}

/// With the next slot that is whole in every rendition.
void Packager::begin(int64_t time_ns) {
    first_slot_ = slot_of(time_ns) + 1;
    if (first_sequence_ > 0)
        discontinuities_.insert(first_slot_);
    for (auto &rendition : renditions_)
        rendition.segmenter = std::make_unique<Segmenter>(with_video_, with_audio_, first_slot_);
}

void Packager::push_video(size_t index, Sample sample) {
    newest_ns_ = std::max(newest_ns_, sample.time_ns);
    if (first_slot_ < 0 && all_known())
        begin(newest_ns_);
    Rendition &rendition = renditions_[index];
    if (!rendition.segmenter)
        return;
    if (rendition.next_video) {
        const int64_t slot = slot_of(sample.time_ns);
        if (rendition.changes_at == 0) {
            rendition.changes_at = slot + (sample.time_ns - slot_begin_ns(slot) < kSegmentNs - kTooLateNs ? 1 : 2);
            discontinuities_.insert(rendition.changes_at);
        }
    }
    if (rendition.next_video && slot_of(sample.time_ns) < rendition.changes_at)
        rendition.segmenter->pass_video(sample.time_ns + sample.duration_ns); // no player was told of it yet
    else
        rendition.segmenter->push_video(std::move(sample));
    take(index);
}

void Packager::push_audio(const Sample &sample) {
    newest_ns_ = std::max(newest_ns_, sample.time_ns);
    if (first_slot_ < 0 && all_known())
        begin(newest_ns_);
    for (size_t i = 0; i < renditions_.size() && first_slot_ >= 0; ++i) {
        renditions_[i].segmenter->push_audio(sample);
        take(i);
    }
}

void Packager::take(size_t index) {
    while (auto part = renditions_[index].segmenter->take())
        put(index, *part);
}

void Packager::begin_segment(size_t index, int64_t slot) {
    Rendition &rendition = renditions_[index];
    bool fresh = slot == first_slot_;
    if (rendition.next_video && rendition.changes_at != 0 && slot >= rendition.changes_at) {
        rendition.tracks.video = std::exchange(rendition.next_video, std::nullopt);
        ++rendition.generation;
        fresh = true;
    }
    if (fresh)
        sink_.put_init(index, rendition.generation, rendition.tracks, init_segment(rendition.tracks));
    sink_.begin_segment(index, sequence_of(slot), slot_begin_ns(slot), rendition.generation,
                        discontinuities_.count(slot) > 0);
    rendition.begun = true;
}

void Packager::put(size_t index, const Segmenter::Part &part) {
    Rendition &rendition = renditions_[index];
    if (!rendition.begun)
        begin_segment(index, part.slot);
    const std::string bytes =
        part.fragment.empty() ? std::string() : write_fragment(rendition.tracks, ++rendition.fragments, part.fragment);
    sink_.put_part(index, sequence_of(part.slot), part.index, part.duration_ns, part.independent, bytes);
    if (part.last) {
        sink_.end_segment(index, sequence_of(part.slot));
        rendition.begun = false;
    }
}

void Packager::finish() {
    for (size_t i = 0; i < renditions_.size() && first_slot_ >= 0; ++i) {
        while (auto part = renditions_[i].segmenter->take_rest())
            put(i, *part);
        if (std::exchange(renditions_[i].begun, false))
            sink_.end_segment(i, sequence_of(renditions_[i].segmenter->slot()));
    }
}

} // namespace rostrum::hls
