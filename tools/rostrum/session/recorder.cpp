// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "recorder.h"

#include "keyframe_switch.h"
#include "plan_recordings.h"

#include <algorithm>
#include <utility>

namespace rostrum::session {

namespace {

constexpr const char *kPads[] = {"video_%u", "audio_%u"}; // by RecordingFlow::Stream

} // namespace

Recorder::Recorder(RunningBranch &branch, std::shared_ptr<PartNames> names, const RecordingRules &rules,
                   std::unique_ptr<Observer> observer)
    : branch_(branch), names_(std::move(names)), observer_(std::move(observer)) {
    {
        peerwire::MutexLock lock(flow_->mutex);
        flow_->rules = rules;
    }
    flow_->begun = [this, alive = alive_] { post_to_main(alive, [this] { observer_->recorder_started(); }); };
    flow_->want_part = [this, alive = alive_](unsigned part) {
        post_to_main(alive, [this, part] { make_part(part); });
    };
    add_gates();
}

Recorder::~Recorder() {
    *alive_ = false;
    flow_->close();
}

/// The muxer's pads are those of the first part; the gates link to them when they have something.
void Recorder::add_gates() {
    RecordingFlow::Entrance first;
    bool leads = true;
    for (const auto stream : {RecordingFlow::kVideo, RecordingFlow::kAudio})
        for (const auto &link : branch_.branch().links) {
            if (link.to.node != branch_.branch().full("mux") || link.to.pad != kPads[stream])
                continue;
            const auto pad = adopt(gst_element_get_static_pad(branch_.element(link.from.node), "src"));
            auto peer = adopt(gst_pad_get_peer(pad.get()));
            gst_pad_unlink(pad.get(), peer.get());
            first.pads[stream] = std::move(peer);
            streams_.insert(stream);
            add_recording_gate(pad.get(), stream, std::exchange(leads, false), flow_);
            const char *queue = stream == RecordingFlow::kVideo ? "video_queue" : "audio_queue";
            entries_.push_back(adopt(gst_element_get_static_pad(branch_.element(queue), "sink")));
        }
    add_part();
    peerwire::MutexLock lock(flow_->mutex);
    first.media = parts_.back()->media();
    flow_->parts.push_back(std::move(first));
}

/// With the muxer and the sink that the branch has now.
void Recorder::add_part() {
    RecordingPart::Observer &observer = *this;
    parts_.push_back(std::make_unique<RecordingPart>(branch_.element("mux"), branch_.element("file"), names_,
                                                     format_of(branch_.branch()), observer));
    ++made_;
}

/// The former muxer still has to finish its file.
void Recorder::make_part(unsigned part) {
    if (part < made_ || parts_.empty())
        return;
    branch_.renew({"mux", "file"});
    parts_.back()->retire();
    add_part();
    RecordingFlow::Entrance entrance;
    entrance.media = parts_.back()->media();
    for (const auto stream : {RecordingFlow::kVideo, RecordingFlow::kAudio})
        if (streams_.count(stream))
            entrance.pads[stream] = adopt(gst_element_request_pad_simple(branch_.element("mux"), kPads[stream]));
    {
        peerwire::MutexLock lock(flow_->mutex);
        flow_->parts.push_back(std::move(entrance));
        flow_->changed.notify_all();
    }
    observer_->recorder_part_begins();
}

/// Hours of parts must not pile up as elements.
void Recorder::dispose(const RecordingPart &part) {
    const auto found =
        std::find_if(parts_.begin(), parts_.end(), [&](const auto &each) { return each.get() == &part; });
    if (found == parts_.end())
        return;
    complete_.push_back((*found)->info());
    RecordingFlow::Entrance left;
    {
        peerwire::MutexLock lock(flow_->mutex);
        for (auto &entrance : flow_->parts)
            if (entrance.media == part.media())
                left = std::move(entrance);
    }
    parts_.erase(found);
}

void Recorder::part_opened(RecordingPart &) {
    if (made_ > 1)
        return;
    {
        peerwire::MutexLock lock(flow_->mutex);
        flow_->open = true;
    }
    ask_for_keyframe();
}

void Recorder::part_begun(RecordingPart &) {
    if (made_ == 1)
        observer_->recorder_written();
}

void Recorder::part_failed(RecordingPart &, const std::string &error) {
    fail(error);
}

void Recorder::part_done(RecordingPart &part) {
    if (part.retired())
        post_to_main(alive_, [this, &part] { dispose(part); });
    const bool all = std::all_of(parts_.begin(), parts_.end(), [](const auto &each) { return each->done(); });
    if (finished_ && all)
        std::exchange(finished_, nullptr)();
}

void Recorder::fail(const std::string &why) {
    flow_->close();
    ticking_.stop();
    if (finished_)
        std::exchange(finished_, nullptr)();
    else
        observer_->recorder_failed(why);
}

bool Recorder::has_started() const {
    peerwire::MutexLock lock(flow_->mutex);
    return flow_->timeline.has_begun();
}

void Recorder::ask_for_keyframe() {
    if (!entries_.empty())
        request_keyframe(entries_.front().get());
}

void Recorder::request_start() {
    ask_for_keyframe();
    ticking_.start(kTickMs, [this] { return tick(); });
}

bool Recorder::tick() {
    for (const auto &part : parts_)
        if (part->file().blocked_ms() >= kBlockedMs) {
            fail("the disk does not answer");
            return false;
        }
    if (flow_->waits_for_keyframe)
        ask_for_keyframe();
    return true;
}

void Recorder::set_rules(const RecordingRules &rules) {
    bool goes_on = false;
    {
        peerwire::MutexLock lock(flow_->mutex);
        goes_on = flow_->rules.paused && !rules.paused;
        flow_->rules = rules;
    }
    if (goes_on)
        ask_for_keyframe();
}

std::vector<PartInfo> Recorder::parts() const {
    std::vector<PartInfo> infos = complete_;
    for (const auto &part : parts_)
        infos.push_back(part->info());
    return infos;
}

PartFile::Over Recorder::over() const {
    std::vector<PartFile::Over> each;
    for (const auto &part : parts_)
        each.push_back(part->file().over());
    return [each] { return std::all_of(each.begin(), each.end(), [](const auto &over) { return over(); }); };
}

void Recorder::finish(std::function<void()> done) {
    ticking_.stop();
    finished_ = std::move(done);
    bool closed = false;
    {
        peerwire::MutexLock lock(flow_->mutex);
        flow_->finishing = true;
        closed = flow_->closed;
        flow_->changed.notify_all();
    }
    deadline_.start(has_started() && !closed ? kDrainMs : 1, [this] {
        flow_->close();
        if (finished_)
            std::exchange(finished_, nullptr)();
        return false;
    });
    for (const auto &entry : entries_)
        gst_pad_send_event(entry.get(), gst_event_new_eos());
}

} // namespace rostrum::session
