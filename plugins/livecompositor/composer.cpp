// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livecompositor/composer.h"

#include <algorithm>

namespace livecompositor {

namespace {

bool covers(const SceneTile &tile, const Scene &scene) {
    return tile.radius == 0 && tile.rect.w == scene.size.w && tile.rect.h == scene.size.h;
}

Rect grown(const Rect &r, int by) {
    return {r.x - by, r.y - by, r.w + 2 * by, r.h + 2 * by};
}

} // namespace

const CornerMask &Composer::corners(int radius) {
    return corners_.try_emplace(radius, radius).first->second;
}

void Composer::adopt(const Scene &scene) {
    for (const SceneTile &tile : scene.tiles)
        tile.source->input.set_target(tile.camera_off ? std::nullopt : std::optional(tile.target));
    for (const auto &source : scene.hidden)
        source->input.set_target(std::nullopt);
    std::erase_if(slots_, [&](const auto &slot) {
        const auto same = [&](const auto &source) { return source.get() == slot.first; };
        return std::none_of(scene.tiles.begin(), scene.tiles.end(),
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

void Composer::compose(const Scene &scene, TimeNs now, TimeNs picture_time, const Picture &canvas) {
    for (const auto &source : scene.hidden)
        follow(*source, now, picture_time);
    const double progress = scene.progress(now);
    if (progress < 1 ||
        std::none_of(scene.tiles.begin(), scene.tiles.end(), [&](const auto &t) { return covers(t, scene); }))
        fill(canvas, {0, 0, scene.size.w, scene.size.h}, scene.background);
    for (const SceneTile &tile : scene.tiles) {
        Slot &slot = follow(*tile.source, now, picture_time);
        draw(scene, tile, slot, now, canvas);
    }
    if (scene.slate)
        blend(canvas, even((scene.size.w - scene.slate->size.w) / 2), even((scene.size.h - scene.slate->size.h) / 2),
              *scene.slate);
    if (scene.watermark)
        blend(canvas, even(scene.size.w - scene.watermark->size.w - scene.margin), scene.margin, *scene.watermark);
}

void Composer::draw(const Scene &scene, const SceneTile &tile, Slot &slot, TimeNs now, const Picture &canvas) {
    const Rect rect = Scene::between(tile.from, tile.rect, scene.progress(now));
    const CornerMask &mask = corners(tile.radius);
    if (tile.speaking)
        fill_rounded(canvas, grown(rect, scene.border), scene.accent, corners(tile.radius + scene.border));
    const bool frozen = tile.freezes && scene.freeze_ns > 0 && now - slot.changed > scene.freeze_ns;
    if (tile.camera_off || frozen || !slot.frame || !draw_frame(tile, rect, mask, slot, canvas)) {
        fill_rounded(canvas, rect, scene.tile_color, mask);
        blend(canvas, rect.x + even((rect.w - tile.badge->size.w) / 2),
              rect.y + even((rect.h - tile.badge->size.h) / 2), *tile.badge);
    }
    if (tile.label) {
        const int inset = std::max(4, even(scene.margin / 2.0));
        blend(canvas, rect.x + inset, even(rect.bottom() - tile.label->size.h - inset), *tile.label);
    }
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
        slot.scaled = std::make_unique<Image>(target.size);
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
