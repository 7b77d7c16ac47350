// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livecompositor/composer.h"

#include "livecompositor/border.h"

#include <algorithm>

namespace livecompositor {

namespace {

constexpr TimeNs kFreshNs = 1'000'000'000; // an older picture of somebody who was hidden is not from now
constexpr size_t kMaxMasks = 64;           // of corners; each can have a megabyte on a large canvas

bool covers(const SceneTile &tile, const Scene &scene) {
    return tile.radius == 0 && tile.rect.w == scene.size.w && tile.rect.h == scene.size.h;
}

/// On the way a tile may be too small for what is drawn on it in the end.
bool fits(const Sprite &sprite, const Rect &rect) {
    return sprite.size.w <= rect.w && sprite.size.h <= rect.h;
}

/// Of a tile that may still be smaller than in the end. In coarse steps, because each is kept.
int radius_at(const Rect &rect, const SceneTile &tile) {
    const int step = std::max(4, even(tile.radius / 8)), most = std::min(rect.w, rect.h) / 2;
    return tile.radius <= most ? tile.radius : most / step * step;
}

void draw_background(const Scene &scene, const Picture &canvas) {
    if (scene.overlays.backdrop)
        copy_rounded(canvas, 0, 0, scene.overlays.backdrop->picture(), CornerMask());
    else
        fill(canvas, {0, 0, scene.size.w, scene.size.h}, scene.background);
}

} // namespace

const CornerMask &Composer::corners(int radius) {
    return corners_.try_emplace(radius, radius).first->second;
}

void Composer::adopt(const Scene &scene) {
    if (corners_.size() > kMaxMasks)
        corners_.clear();
    for (const SceneTile &tile : scene.tiles)
        tile.source->input.set_target(tile.camera_off ? std::nullopt : std::optional(tile.target));
    for (const auto &source : scene.hidden)
        source->input.set_target(std::nullopt);
    for (const SceneTile &tile : scene.leaving)
        tile.source->input.set_target(std::nullopt);
    for (auto &[source, slot] : slots_)
        slot.hidden = false;
    for (const auto &source : scene.hidden)
        slots_[source.get()].hidden = true;
    std::erase_if(slots_, [&](const auto &slot) {
        const auto same = [&](const auto &source) { return source.get() == slot.first; };
        return std::none_of(scene.tiles.begin(), scene.tiles.end(),
                            [&](const SceneTile &t) { return same(t.source); }) &&
               std::none_of(scene.leaving.begin(), scene.leaving.end(),
                            [&](const SceneTile &t) { return same(t.source); }) &&
               std::none_of(scene.hidden.begin(), scene.hidden.end(), same);
    });
}

Composer::Slot &Composer::follow(VideoSource &source, TimeNs now, TimeNs picture_time) {
    Slot &slot = slots_[&source];
    auto frame = source.input.at(picture_time);
    if (frame != slot.frame) {
        slot.frame = std::move(frame);
        slot.changed = now;
    }
    return slot;
}

bool Composer::awaits_pictures(const Scene &next, TimeNs now) {
    bool awaits = false;
    for (const SceneTile &tile : next.tiles) {
        const auto known = slots_.find(tile.source.get());
        if (tile.camera_off || known == slots_.end() || !known->second.hidden)
            continue;
        const Slot &slot = known->second;
        const TimeNs fresh = next.freeze_ns > 0 ? std::min(next.freeze_ns, kFreshNs) : kFreshNs;
        const bool stale = tile.freezes && now - slot.changed > fresh;
        if (slot.frame && !stale)
            continue;
        tile.source->input.set_target(tile.target);
        awaits = true;
    }
    return awaits;
}

void Composer::compose(const Scene &scene, TimeNs now, TimeNs picture_time, const Picture &canvas) {
    for (const auto &source : scene.hidden)
        follow(*source, now, picture_time);
    const double progress = scene.progress(now);
    if (progress < 1 ||
        std::none_of(scene.tiles.begin(), scene.tiles.end(), [&](const auto &t) { return covers(t, scene); }))
        draw_background(scene, canvas);
    for (const SceneTile &tile : scene.tiles)
        draw(scene, tile, follow(*tile.source, now, picture_time), now, canvas);
    if (progress < 1) {
        for (const SceneTile &tile : scene.leaving)
            draw(scene, tile, follow(*tile.source, now, picture_time), now, canvas);
    }
    draw_overlays(scene.overlays, now, canvas);
}

void Composer::draw(const Scene &scene, const SceneTile &tile, Slot &slot, TimeNs now, const Picture &canvas) {
    const Rect rect = Scene::between(tile.from, tile.rect, scene.progress(now));
    const int radius = radius_at(rect, tile);
    const CornerMask &mask = corners(radius);
    const bool frozen = tile.freezes && scene.freeze_ns > 0 && now - slot.changed > scene.freeze_ns;
    const bool picture = slot.frame && !tile.camera_off;
    if (!frozen)
        slot.frozen = {};
    if (picture && frozen && draw_frozen(tile, rect, mask, slot, canvas)) {
        draw_badge(tile, rect, canvas);
    } else if (!picture || !draw_frame(tile, rect, mask, slot, canvas)) {
        fill_rounded(canvas, rect, scene.tile_color, mask);
        draw_badge(tile, rect, canvas);
    }
    if (tile.speaking && scene.border > 0)
        draw_border(canvas, rect, scene.border, scene.accent, mask, corners(std::max(0, radius - scene.border)));
    if (tile.label && fits(*tile.label, rect)) {
        const Rect label = tile.label_rect(rect, scene.label_inset);
        blend(canvas, label.x, label.y, *tile.label);
    }
}

void Composer::draw_badge(const SceneTile &tile, const Rect &rect, const Picture &canvas) {
    if (fits(*tile.badge, rect))
        blend(canvas, rect.x + even((rect.w - tile.badge->size.w) / 2),
              rect.y + even((rect.h - tile.badge->size.h) / 2), *tile.badge);
}

bool Composer::draw_frozen(const SceneTile &tile, const Rect &rect, const CornerMask &mask, Slot &slot,
                           const Picture &canvas) {
    if (!slot.frozen.shows(slot.frame.get())) {
        Image sharp(tile.rect.size());
        const Target target{tile.rect.size(), tile.target.fit, tile.target.border};
        if (!slot.scaler.scale(slot.frame->buffer.get(), slot.frame->info, target, sharp.picture()))
            return false;
        slot.frozen.set(slot.frame.get(), sharp.picture());
    }
    copy_rounded(canvas, rect.x, rect.y, slot.frozen.at(rect.size()), mask);
    return true;
}

bool Composer::draw_frame(const SceneTile &tile, const Rect &rect, const CornerMask &mask, Slot &slot,
                          const Picture &canvas) {
    const VideoFrame &frame = *slot.frame;
    const Target target{rect.size(), tile.target.fit, tile.target.border};
    if (frame.tile && frame.tile_target == target) {
        copy_rounded(canvas, rect.x, rect.y, frame.tile->picture(), mask);
        return true;
    }
    if (Scaler::is_same(frame.info, target)) {
        GstVideoInfo info = frame.info;
        GstVideoFrame mapped;
        if (!gst_video_frame_map(&mapped, &info, frame.buffer.get(), GST_MAP_READ))
            return false;
        copy_rounded(canvas, rect.x, rect.y, picture_of(mapped), mask);
        gst_video_frame_unmap(&mapped);
        return true;
    }
    if (!slot.scaled || slot.scaled_frame != slot.frame || slot.scaled_target != target) {
        slot.scaled = slot.tiles.take(target.size);
        slot.scaled_frame = slot.frame;
        slot.scaled_target = target;
        if (!slot.scaler.scale(frame.buffer.get(), frame.info, target, slot.scaled->picture())) {
            slot.scaled.reset();
            return false;
        }
    }
    copy_rounded(canvas, rect.x, rect.y, slot.scaled->picture(), mask);
    return true;
}

} // namespace livecompositor
