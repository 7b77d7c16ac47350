// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "rtmpegress/history.h"

#include <algorithm>

namespace rostrum {

void History::clear() {
    frames_.clear();
    start_.reset();
    bytes_ = 0;
}

template <class Keep> void History::filter(Keep keep) {
    std::erase_if(frames_, [&](const FramePtr &frame) { return !keep(*frame); });
    bytes_ = 0;
    for (const FramePtr &kept : frames_)
        bytes_ += gst_buffer_get_size(kept->buffer.get());
}

bool History::is_over_limit() const {
    const auto [low, high] = std::minmax_element(frames_.begin(), frames_.end(),
                                                 [](const auto &a, const auto &b) { return a->dts < b->dts; });
    return low != frames_.end() && (bytes_ > kHistoryBytes || (*high)->dts - (*low)->dts > kHistoryNs);
}

void History::add(const FramePtr &frame, bool video) {
    if (frame->keyframe && (frame->kind == MediaKind::Video || !video)) {
        // Sound at or after the picture's time may have come before it: an encoder with lookahead delays only the
        // picture.
        filter([&](const Frame &old) { return old.kind != frame->kind && old.pts >= frame->pts; });
        start_ = frame;
    } else if (!start_ && frame->kind == MediaKind::Video) {
        return;
    }
    frames_.push_back(frame);
    bytes_ += gst_buffer_get_size(frame->buffer.get());
    if (start_ && is_over_limit()) {
        start_.reset();
        filter([](const Frame &old) { return old.kind == MediaKind::Audio; });
    }
    while (is_over_limit()) {
        bytes_ -= gst_buffer_get_size(frames_.front()->buffer.get());
        frames_.pop_front();
    }
}

} // namespace rostrum
