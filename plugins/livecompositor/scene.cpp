// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livecompositor/scene.h"

#include <algorithm>
#include <array>

namespace livecompositor {

namespace {

std::vector<Member> members_of(const VideoSnapshot &snapshot) {
    std::vector<Member> members;
    for (const auto &entry : snapshot.sources) {
        const PadSettings &s = entry.settings;
        const bool speaker = !s.screen && snapshot.speaker == entry.source->index;
        members.push_back({entry.source->index, s.priority, s.pin_rank, s.screen, speaker, s.fit});
    }
    return members;
}

/// Where the input is seen right now; somebody new grows out of the middle of the own place.
Rect start_of(const VideoSource &source, const Rect &rect, const Scene &before, TimeNs now) {
    for (const SceneTile &tile : before.tiles) {
        if (tile.source.get() == &source)
            return Scene::between(tile.from, tile.rect, before.progress(now));
    }
    return {rect.x + even(rect.w / 4), rect.y + even(rect.h / 4), std::max(2, even(rect.w / 2)),
            std::max(2, even(rect.h / 2))};
}

/// A label that something would cover goes to another corner of its tile.
void keep_labels_clear(Scene *scene, TimeNs now) {
    const std::vector<Rect> occupied = scene->overlays.occupied(now);
    for (SceneTile &tile : scene->tiles) {
        if (!tile.label || occupied.empty())
            continue;
        const auto is_free = [&](Spot spot) {
            tile.label_spot = spot;
            const Rect label = tile.label_rect(tile.rect, scene->label_inset);
            return std::none_of(occupied.begin(), occupied.end(), [&](const Rect &r) { return r.overlaps(label); });
        };
        constexpr std::array kSpots{Spot::BottomLeft, Spot::TopLeft, Spot::BottomRight, Spot::TopRight};
        if (std::none_of(kSpots.begin(), kSpots.end(), is_free))
            tile.label_spot = Spot::BottomLeft;
    }
}

} // namespace

Rect SceneTile::label_rect(const Rect &at, int inset) const {
    const Size s = label->size;
    const bool right = label_spot == Spot::TopRight || label_spot == Spot::BottomRight;
    const bool top = label_spot == Spot::TopLeft || label_spot == Spot::TopRight;
    return {right ? at.right() - s.w - inset : at.x + inset, top ? at.y + inset : even(at.bottom() - s.h - inset), s.w,
            s.h};
}

double Scene::progress(TimeNs time) const {
    if (transition_ns <= 0 || time >= transition_start + transition_ns)
        return 1;
    const double t = std::max(0.0, double(time - transition_start) / double(transition_ns));
    return t * t * (3 - 2 * t);
}

Rect Scene::between(const Rect &from, const Rect &to, double progress) {
    if (progress >= 1 || from == to)
        return to;
    const auto mix = [progress](int a, int b) { return a + (b - a) * progress; };
    const int x = even(mix(from.x, to.x)), y = even(mix(from.y, to.y));
    return {x, y, std::max(2, even(mix(from.right(), to.right()) - x)),
            std::max(2, even(mix(from.bottom(), to.bottom()) - y))};
}

Scene SceneBuilder::build(const VideoSnapshot &snapshot, const Scene &before, TimeNs now, int64_t now_utc_us) {
    const Settings &s = snapshot.settings;
    const Palette &colors = palette(s.light);
    Scene scene;
    scene.size = s.size;
    scene.background = to_yuv(s.background.value_or(colors.background));
    scene.tile_color = to_yuv(colors.tile);
    scene.accent = to_yuv(colors.accent);
    scene.margin = std::max(4, even(std::min(s.size.w, s.size.h) / 36.0));
    scene.border = std::max(2, even(std::min(s.size.w, s.size.h) / 180.0));
    scene.label_inset = std::max(4, even(scene.margin / 2.0));
    scene.freeze_ns = TimeNs{s.freeze_ms} * 1'000'000;

    const std::vector<Member> members = members_of(snapshot);
    std::vector<bool> shown(members.size());
    bool moved = false;
    const Size stage{s.size.w, s.size.h - ticker_height(s.branding, s.size)};
    const bool be_right_back = s.branding.slate_mode == SlateMode::Always;
    for (const Tile &place : be_right_back ? std::vector<Tile>() : arrange(s.layout, stage, members)) {
        const auto &entry = snapshot.sources[place.member];
        SceneTile tile;
        tile.source = entry.source;
        tile.rect = place.rect;
        tile.from = start_of(*entry.source, place.rect, before, now);
        tile.radius = place.radius;
        tile.target = {place.rect.size(), place.fit, colors.tile};
        tile.speaking = members[place.member].speaker && members.size() > 1 && place.radius > 0;
        tile.camera_off = entry.settings.muted;
        tile.freezes = !entry.settings.screen;
        decorate(tile, entry);
        moved = moved || tile.from != tile.rect;
        shown[place.member] = true;
        scene.tiles.push_back(std::move(tile));
    }
    scene.overlays = overlays_.build({s.branding, s.size, s.background.value_or(colors.background), colors,
                                      double(s.fps_n) / s.fps_d, scene.margin, scene.tiles.empty(), now, now_utc_us});
    keep_labels_clear(&scene, now);
    for (size_t i = 0; i < members.size(); ++i) {
        if (!shown[i])
            scene.hidden.push_back(snapshot.sources[i].source);
    }
    const bool animate = moved && s.transition_ms > 0 && before.size == s.size && !before.tiles.empty();
    scene.transition_start = now;
    scene.transition_ns = animate ? TimeNs{s.transition_ms} * 1'000'000 : 0;
    std::erase_if(drawn_, [&](const auto &drawn) {
        return std::none_of(members.begin(), members.end(), [&](const Member &m) { return m.index == drawn.first; });
    });
    return scene;
}

void SceneBuilder::decorate(SceneTile &tile, const VideoSnapshot::Entry &entry) {
    const unsigned index = entry.source->index;
    Drawn &d = drawn_[index];
    const Label label{entry.settings.label, entry.silent, entry.hand};
    const Size size = tile.rect.size();
    const bool same_face = d.badge && d.label_of.text == label.text && d.avatar == entry.avatar && d.tile == size;
    if (!same_face)
        d.badge = draw_badge(label.text, index, entry.avatar.get(), size);
    if (!same_face || d.label_of != label)
        d.label = draw_label(label, size);
    d.label_of = label;
    d.avatar = entry.avatar;
    d.tile = size;
    tile.label = d.label;
    tile.badge = d.badge;
}

} // namespace livecompositor
