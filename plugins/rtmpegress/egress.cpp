// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Lock order: Egress::mutex_, then Feed and Destination. drain_mutex_ stands alone. None is held while a hook runs.
// mutex_ is held while a destination that has ended is started again, which joins its old thread: at its end that takes
// only drain_mutex_.

#include "rtmpegress/egress.h"

#include <algorithm>

namespace rostrum {

using peerwire::MutexLock;

namespace {
constexpr auto kDrainMs = std::chrono::milliseconds(3000); // what one destination may take, and the threads' ticks
}

Egress::Egress(EgressHooks hooks) : hooks_(std::move(hooks)) {}

Egress::~Egress() {
    stop();
}

Result<bool> Egress::add(const std::string &id, std::string_view url, std::string_view stream_key) {
    auto target = parse_target(url, stream_key);
    if (!target)
        return target.error();
    reap();
    DestinationHooks hooks{hooks_.settings, hooks_.changed, hooks_.need_keyframe,
                           [this](Destination &ended) { on_ended(ended); }};
    auto destination = std::make_shared<Destination>(id, std::move(target).value(), feed_, std::move(hooks));
    MutexLock lock(mutex_);
    if (std::any_of(active_.begin(), active_.end(), [&](const auto &other) { return other->id() == id; }))
        return Error{409, "a destination with this id exists already"};
    if (running_)
        destination->start();
    active_.push_back(std::move(destination));
    return true;
}

bool Egress::remove(const std::string &id) {
    reap();
    {
        MutexLock lock(mutex_);
        const auto found =
            std::find_if(active_.begin(), active_.end(), [&](const auto &each) { return each->id() == id; });
        if (found == active_.end())
            return false;
        (*found)->retire();
        const bool threaded = (*found)->is_running();
        leaving_.splice(leaving_.end(), active_, found);
        if (threaded)
            return true;
    }
    hooks_.removed(id);
    return true;
}

void Egress::start() {
    MutexLock lock(mutex_);
    running_ = true;
    for (const auto &destination : active_)
        destination->start();
}

void Egress::revive() {
    MutexLock lock(mutex_);
    if (!running_)
        return;
    for (const auto &destination : active_)
        destination->start();
}

void Egress::stop() {
    Destinations all;
    {
        MutexLock lock(mutex_);
        running_ = false;
        all = active_;
        all.insert(all.end(), leaving_.begin(), leaving_.end());
    }
    for (const auto &destination : all)
        destination->cut();
    for (const auto &destination : all)
        destination->join();
    all.clear();
    reap();
    feed_.reset();
}

void Egress::drain() {
    const auto deadline = std::chrono::steady_clock::now() + kDrainMs;
    Destinations all;
    {
        MutexLock lock(mutex_);
        for (const auto &destination : active_)
            destination->finish();
        all = active_;
        all.insert(all.end(), leaving_.begin(), leaving_.end());
    }
    const auto is_running = [](const auto &destination) { return destination->is_running(); };
    MutexLock lock(drain_mutex_);
    while (!interrupted_ && std::any_of(all.begin(), all.end(), is_running))
        if (ended_.wait_until(drain_mutex_, deadline) == std::cv_status::timeout)
            break;
}

void Egress::interrupt_drain(bool interrupted) {
    MutexLock lock(drain_mutex_);
    interrupted_ = interrupted;
    ended_.notify_all();
}

std::vector<DestinationStatus> Egress::status() {
    std::vector<DestinationStatus> all;
    MutexLock lock(mutex_);
    for (const auto &destination : active_)
        all.push_back(destination->status());
    return all;
}

void Egress::on_ended(Destination &destination) {
    {
        MutexLock lock(drain_mutex_);
        ended_.notify_all();
    }
    if (destination.is_retired())
        hooks_.removed(destination.id());
}

void Egress::reap() {
    Destinations gone; // destroyed, and so joined, after the lock is given back
    MutexLock lock(mutex_);
    for (auto it = leaving_.begin(); it != leaving_.end();) {
        const auto here = it++;
        if ((*here)->is_gone())
            gone.splice(gone.end(), leaving_, here);
    }
}

} // namespace rostrum
