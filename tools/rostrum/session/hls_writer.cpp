// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "hls_writer.h"

#include <algorithm>
#include <thread>
#include <utility>

namespace rostrum::session {

HlsWriter::HlsWriter(HlsSetup setup, Observer observer) : shared_(std::make_shared<Shared>()) {
    shared_->observer = std::move(observer);
    {
        peerwire::MutexLock lock(shared_->mutex);
        shared_->broken.assign(setup.renditions.size(), false);
    }
    std::thread([shared = shared_, setup = std::move(setup)] { run(shared, setup); }).detach();
}

HlsWriter::~HlsWriter() {
    *shared_->alive = false;
    {
        peerwire::MutexLock lock(shared_->mutex);
        shared_->closed = true;
    }
    shared_->filled.notify_one();
}

void HlsWriter::set_video(size_t rendition, hls::VideoTrack track) {
    push(VideoChange{rendition, std::move(track)});
}

void HlsWriter::set_audio(hls::AudioTrack track) {
    push(std::move(track));
}

void HlsWriter::push_video(size_t rendition, hls::Sample sample, bool broken) {
    {
        peerwire::MutexLock lock(shared_->mutex);
        const bool full = shared_->bytes + sample.bytes.size() > kMaxWaitingBytes;
        shared_->broken[rendition] = full || ((broken || shared_->broken[rendition]) && !sample.keyframe);
        if (shared_->broken[rendition])
            return;
    }
    push(Video{rendition, std::move(sample)});
}

void HlsWriter::push_audio(hls::Sample sample) {
    {
        peerwire::MutexLock lock(shared_->mutex);
        if (shared_->bytes + sample.bytes.size() > kMaxWaitingBytes)
            return;
    }
    push(std::move(sample));
}

void HlsWriter::finish() {
    push(End{});
}

void HlsWriter::push(Item item) {
    {
        peerwire::MutexLock lock(shared_->mutex);
        if (shared_->closed)
            return;
        if (const auto *video = std::get_if<Video>(&item))
            shared_->bytes += video->sample.bytes.size();
        else if (const auto *audio = std::get_if<hls::Sample>(&item))
            shared_->bytes += audio->bytes.size();
        shared_->items.push_back(std::move(item));
    }
    shared_->filled.notify_one();
}

/// All that waits; nothing when the writer is gone.
std::deque<HlsWriter::Item> HlsWriter::take(Shared &shared) {
    peerwire::MutexLock lock(shared.mutex);
    while (shared.items.empty() && !shared.closed)
        shared.filled.wait(shared.mutex);
    shared.bytes = 0;
    return shared.closed ? std::deque<Item>{} : std::exchange(shared.items, {});
}

void HlsWriter::run(const std::shared_ptr<Shared> &shared, const HlsSetup &setup) {
    try {
        write(shared, setup);
    } catch (const DiskError &error) {
        post_to_main(shared->alive, [shared, text = std::string(error.what())] { shared->observer.failed(text); });
    }
    peerwire::MutexLock lock(shared->mutex);
    shared->closed = true;
    shared->items.clear();
}

void HlsWriter::write(const std::shared_ptr<Shared> &shared, const HlsSetup &setup) {
    HlsFiles files(setup);
    hls::Packager packager(files.next_generations(), setup.with_video, true, files.timeline().complete(), files);
    uint64_t told = 0;
    for (bool ended = false; !ended;) {
        const std::deque<Item> items = take(*shared);
        if (items.empty())
            return;
        for (const Item &item : items)
            if (const auto *video = std::get_if<Video>(&item))
                packager.push_video(video->rendition, video->sample);
            else if (const auto *audio = std::get_if<hls::Sample>(&item))
                packager.push_audio(*audio);
            else if (const auto *change = std::get_if<VideoChange>(&item))
                packager.set_video(change->rendition, change->track);
            else if (const auto *track = std::get_if<hls::AudioTrack>(&item))
                packager.set_audio(*track);
            else
                ended = true;
        if (ended) {
            packager.finish();
            files.end();
        }
        const auto &renditions = files.timeline().renditions;
        const bool begun = std::none_of(renditions.begin(), renditions.end(),
                                        [](const auto &rendition) { return rendition.segments.empty(); });
        if (begun && std::exchange(told, files.lines()) != files.lines())
            post_to_main(shared->alive, [shared, progress = Progress{files.timeline().complete(), files.bytes()}] {
                shared->observer.grown(progress);
            });
    }
    post_to_main(shared->alive, [shared] { shared->observer.finished(); });
}

} // namespace rostrum::session
