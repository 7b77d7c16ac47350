// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livecompositor/scene.h"

#include <algorithm>
#include <array>
#include <utility>

namespace livecompositor {

namespace {

std::vector<Member> members_of(const VideoSnapshot &snapshot) {
    std::vector<Member> members;
    for (const auto &entry : snapshot.sources) {
        const PadSettings &s = entry.settings;
        const bool speaker = !s.screen && snapshot.speaker == entry.source->index;
        members.push_back(
            {entry.source->index, s.priority, s.pin_rank, s.screen, speaker, s.fit, s.share_rank, s.label});
    }
    return members;
}

/// What somebody who comes grows out of, and who goes shrinks to.
Rect middle_of(const Rect &r) {
    const int w = std::max(2, even(r.w / 8)), h = std::max(2, even(r.h / 8));
    return {even(r.x + (r.w - w) / 2), even(r.y + (r.h - h) / 2), w, h};
}

const SceneTile *find(const std::vector<SceneTile> &tiles, unsigned index) {
    const auto it = std::find_if(tiles.begin(), tiles.end(), [&](const auto &t) { return t.source->index == index; });
    return it == tiles.end() ? nullptr : &*it;
}

/// Where the input is seen right now.
Rect start_of(unsigned index, const Rect &rect, const Scene &before, TimeNs now) {
    const SceneTile *tile = find(before.tiles, index);
    if (!tile && before.progress(now) < 1)
        tile = find(before.leaving, index);
    return tile ? Scene::between(tile->from, tile->rect, before.progress(now)) : middle_of(rect);
}

bool same_places(const Scene &a, const Scene &b) {
    return a.size == b.size && std::equal(a.tiles.begin(), a.tiles.end(), b.tiles.begin(), b.tiles.end(),
                                          [](const SceneTile &x, const SceneTile &y) {
                                              return x.source->index == y.source->index && x.rect == y.rect;
                                          });
}

/// A transition that is under way goes on as if nothing had happened.
void carry_on(Scene &scene, const Scene &before) {
    for (size_t i = 0; i < scene.tiles.size(); ++i)
        scene.tiles[i].from = before.tiles[i].from;
    scene.leaving = before.leaving;
    scene.transition_start = before.transition_start;
    scene.transition_ns = before.transition_ns;
    scene.ease = before.ease;
}

void begin_transition(Scene &scene, const Scene &before, const Motion &motion, TimeNs now) {
    scene.transition_start = now;
    if (motion.ms <= 0 || before.size != scene.size || before.tiles.empty())
        return;
    scene.transition_ns = TimeNs{motion.ms} * 1'000'000;
    scene.ease = motion.ease;
    const double progress = before.progress(now);
    for (const auto *tiles : {&before.tiles, &before.leaving}) {
        for (SceneTile tile : *tiles) {
            if (find(scene.tiles, tile.source->index) || (tiles == &before.leaving && progress >= 1))
                continue;
            tile.from = Scene::between(tile.from, tile.rect, progress);
            tile.rect = middle_of(tile.from);
            tile.speaking = false;
            scene.leaving.push_back(std::move(tile));
        }
    }
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
    return eased(ease, t);
}

const SceneTile *Scene::tile_of(unsigned index) const {
    return find(tiles, index);
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
    scene.accent = to_yuv(s.accent.value_or(colors.accent));
    scene.margin = std::max(4, even(std::min(s.size.w, s.size.h) / 36.0));
    scene.border = s.border ? scaled(*s.border, s.size) : std::max(2, even(std::min(s.size.w, s.size.h) / 180.0));
    scene.label_inset = std::max(4, even(scene.margin / 2.0));
    scene.freeze_ns = TimeNs{s.freeze_ms} * 1'000'000;

    const std::vector<Member> members = members_of(snapshot);
    std::vector<bool> shown(members.size());
    const Size stage{s.size.w, s.size.h - ticker_height(s.branding, s.size)};
    const bool be_right_back = s.branding.slate_mode == SlateMode::Always;
    for (const Tile &place : be_right_back ? std::vector<Tile>() : arrange(s.layout, stage, members)) {
        const auto &entry = snapshot.sources[place.member];
        SceneTile tile;
        tile.source = entry.source;
        tile.rect = place.rect;
        tile.from = start_of(entry.source->index, place.rect, before, now);
        tile.radius = place.radius;
        tile.target = {place.rect.size(), place.fit, colors.tile};
        tile.speaking = members[place.member].speaker && members.size() > 1 && place.rect.size() != s.size;
        tile.camera_off = entry.settings.muted;
        tile.stand_in = entry.stand_in;
        tile.freezes = !entry.settings.screen;
        decorate(tile, entry);
        shown[place.member] = true;
        scene.tiles.push_back(std::move(tile));
    }
    scene.overlays = overlays_.build({s.branding, s.size, s.background.value_or(colors.background), colors,
                                      double(s.fps_n) / s.fps_d, scene.margin, scene.tiles.empty(), now, now_utc_us});
    keep_labels_clear(&scene, now);
    for (size_t i = 0; i < members.size(); ++i) {
        if (!shown[i] && !snapshot.sources[i].stand_in)
            scene.hidden.push_back(snapshot.sources[i].source);
    }
    scene.switches = s.switches;
    const Motion motion = s.switches == before.switches ? s.motion : s.switch_motion;
    if (same_places(scene, before))
        carry_on(scene, before);
    else
        begin_transition(scene, before, motion, now);
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
