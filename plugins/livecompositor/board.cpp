// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livecompositor/board.h"

#include <algorithm>

namespace livecompositor {

using peerwire::MutexLock;

namespace {

template <class Source> void erase(std::vector<std::shared_ptr<Source>> &sources, const Source &source) {
    std::erase_if(sources, [&](const auto &s) { return s.get() == &source; });
}

} // namespace

void Board::add(std::shared_ptr<VideoSource> source) {
    MutexLock lock(mutex_);
    video_.push_back(std::move(source));
    changed();
}

void Board::add(std::shared_ptr<AudioSource> source) {
    MutexLock lock(mutex_);
    audio_.push_back(std::move(source));
    changed();
}

void Board::remove(const VideoSource &source) {
    MutexLock lock(mutex_);
    erase(video_, source);
    changed();
}

void Board::remove(const AudioSource &source) {
    MutexLock lock(mutex_);
    erase(audio_, source);
    changed();
}

std::shared_ptr<VideoSource> Board::picture_of(const AudioSource &sound) const {
    const auto found =
        std::find_if(video_.begin(), video_.end(), [&](const auto &video) { return video->index == sound.index; });
    return found == video_.end() ? nullptr : *found;
}

Settings Board::settings() const {
    MutexLock lock(mutex_);
    return settings_;
}

void Board::change(const std::function<void(Settings &)> &edit) {
    MutexLock lock(mutex_);
    edit(settings_);
    changed();
}

PadSettings Board::pad(const PadSettings &settings) const {
    MutexLock lock(mutex_);
    return settings;
}

void Board::change_pad(PadSettings &settings, const std::function<void(PadSettings &)> &edit) {
    MutexLock lock(mutex_);
    edit(settings);
    changed();
}

void Board::pin(PadSettings &settings, bool pinned) {
    MutexLock lock(mutex_);
    if (pinned == (settings.pin_rank > 0))
        return;
    settings.pin_rank = pinned ? ++last_pin_ : 0;
    changed();
}

void Board::share(PadSettings &settings, bool screen) {
    MutexLock lock(mutex_);
    if (screen == settings.screen)
        return;
    settings.screen = screen;
    settings.share_rank = screen ? ++last_share_ : 0;
    changed();
}

std::shared_ptr<std::atomic<TimeNs>> Board::stamp_offset(unsigned index) {
    MutexLock lock(mutex_);
    std::erase_if(stamp_offsets_, [](const auto &entry) { return entry.second.expired(); });
    auto offset = stamp_offsets_[index].lock();
    if (!offset)
        stamp_offsets_[index] = offset = std::make_shared<std::atomic<TimeNs>>(0);
    return offset;
}

std::optional<unsigned> Board::speaker() const {
    MutexLock lock(mutex_);
    return speaker_;
}

void Board::set_speaker(std::optional<unsigned> speaker) {
    MutexLock lock(mutex_);
    speaker_ = speaker;
    changed();
}

bool Board::has_picture(unsigned index) const {
    return std::any_of(video_.begin(), video_.end(), [index](const auto &v) { return v->index == index; });
}

bool Board::read(uint64_t *version, VideoSnapshot *snapshot) const {
    MutexLock lock(mutex_);
    if (*version == version_)
        return false;
    *version = version_;
    snapshot->settings = settings_;
    snapshot->speaker = speaker_;
    snapshot->sources.clear();
    for (const auto &source : video_) {
        VideoSnapshot::Entry entry{source, source->settings, false, source->settings.hand,
                                   source->settings.avatar.bitmap};
        for (const auto &sound : audio_) {
            if (sound->index != source->index)
                continue;
            entry.silent = sound->settings.muted;
            entry.hand = entry.hand || sound->settings.hand;
            if (!entry.avatar)
                entry.avatar = sound->settings.avatar.bitmap;
        }
        snapshot->sources.push_back(std::move(entry));
    }
    for (const auto &source : audio_) {
        if (!source->settings.placeholder || has_picture(source->index))
            continue;
        snapshot->sources.push_back({source->stand_in, source->settings, source->settings.muted, source->settings.hand,
                                     source->settings.avatar.bitmap, true});
        snapshot->sources.back().settings.muted = true; // of a camera: it is off
    }
    return true;
}

bool Board::read(uint64_t *version, AudioSnapshot *snapshot) const {
    MutexLock lock(mutex_);
    if (*version == version_)
        return false;
    *version = version_;
    snapshot->sources.clear();
    for (const auto &source : audio_)
        snapshot->sources.push_back(
            {source, picture_of(*source), source->settings.muted ? 0.0f : source->settings.volume});
    return true;
}

} // namespace livecompositor
