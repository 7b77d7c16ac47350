// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "streamsrc/rtp_queue.h"

#include <algorithm>

namespace rostrum {

using peerwire::MutexLock;

void RtpQueue::open() {
    MutexLock lock(mutex_);
    open_ = true;
}

void RtpQueue::close() {
    std::deque<RtpItem> doomed;
    MutexLock lock(mutex_);
    open_ = false;
    items_.swap(doomed);
    buffers_ = 0;
    changed_.notify_all();
}

void RtpQueue::set_live(bool live) {
    MutexLock lock(mutex_);
    live_ = live;
    discont_ |= live;
}

bool RtpQueue::push_buffer(GstBuffer *buffer, peerwire::TimeNs capture) {
    auto owned = GstRef<GstBuffer>::adopt(buffer);
    MutexLock lock(mutex_);
    if (!live_ || !open_)
        return true;
    const bool full = buffers_ >= kMaxBuffers;
    if (full)
        drop_oldest_locked();
    if (discont_)
        GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DISCONT);
    discont_ = false;
    ++buffers_;
    items_.push_back({.buffer = std::move(owned), .capture = capture});
    changed_.notify_one();
    return !full;
}

void RtpQueue::drop_oldest_locked() {
    const auto oldest = std::find_if(items_.begin(), items_.end(), [](const RtpItem &i) { return bool(i.buffer); });
    if (oldest == items_.end())
        return;
    items_.erase(oldest);
    --buffers_;
    ++dropped_;
    discont_ = true;
}

void RtpQueue::push_caps(GstRef<GstCaps> caps, bool new_stream) {
    MutexLock lock(mutex_);
    if (!items_.empty() && items_.back().caps) { // nothing in between: the older format is of no interest
        new_stream |= items_.back().new_stream;
        items_.pop_back();
    }
    items_.push_back({.caps = std::move(caps), .new_stream = new_stream});
    changed_.notify_one();
}

void RtpQueue::push_event(GstRef<GstEvent> event) {
    MutexLock lock(mutex_);
    if (!open_)
        return;
    items_.push_back({.event = std::move(event)});
    changed_.notify_one();
}

void RtpQueue::flush() {
    MutexLock lock(mutex_);
    std::erase_if(items_, [](const RtpItem &item) { return bool(item.buffer); });
    buffers_ = 0;
    discont_ = true;
}

std::optional<RtpItem> RtpQueue::pop() {
    MutexLock lock(mutex_);
    while (open_ && items_.empty())
        changed_.wait(mutex_);
    if (!open_)
        return {};
    RtpItem item = std::move(items_.front());
    items_.pop_front();
    buffers_ -= item.buffer ? 1 : 0;
    return item;
}

uint64_t RtpQueue::dropped() const {
    MutexLock lock(mutex_);
    return dropped_;
}

} // namespace rostrum
