// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "viewerfanout/event_queue.h"

#include <chrono>
#include <future>

namespace rostrum {

using peerwire::MutexLock;

namespace {

// A job may itself wait for whoever drains (a handler that changes the state of an element that is being stopped).
constexpr std::chrono::seconds kMaxDrain{2};

} // namespace

EventQueue::EventQueue() : thread_([state = state_] { run(state); }) {}

EventQueue::~EventQueue() {
    {
        MutexLock lock(state_->mutex);
        state_->ending = true;
    }
    state_->changed.notify_all();
    if (std::this_thread::get_id() == thread_.get_id())
        thread_.detach(); // it owns its state
    else
        thread_.join();
}

void EventQueue::post(Job job) {
    {
        MutexLock lock(state_->mutex);
        state_->jobs.push_back(std::move(job));
    }
    state_->changed.notify_one();
}

void EventQueue::drain() {
    if (std::this_thread::get_id() == thread_.get_id())
        return;
    auto done = std::make_shared<std::promise<void>>();
    auto waiting = done->get_future();
    post([done] { done->set_value(); });
    waiting.wait_for(kMaxDrain);
}

void EventQueue::run(const std::shared_ptr<State> &state) {
    while (true) {
        Job job;
        {
            MutexLock lock(state->mutex);
            while (state->jobs.empty() && !state->ending)
                state->changed.wait(state->mutex);
            if (state->jobs.empty())
                return;
            job = std::move(state->jobs.front());
            state->jobs.pop_front();
        }
        job();
    }
}

} // namespace rostrum
