// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livecompositor/shown_tiles.h"

#include <algorithm>
#include <string>

namespace livecompositor {

namespace {

const char *name_of(Fit fit) {
    return fit == Fit::Cover ? "cover" : fit == Fit::Contain ? "contain" : "auto";
}

void append(GValue *array, const ShownTile &tile) {
    const std::string pad = "video_" + std::to_string(tile.index);
    GValue item = G_VALUE_INIT;
    g_value_init(&item, GST_TYPE_STRUCTURE);
    g_value_take_boxed(&item, gst_structure_new("tile", "pad", G_TYPE_STRING, pad.c_str(), "width", G_TYPE_INT,
                                                tile.size.w, "height", G_TYPE_INT, tile.size.h, "fit", G_TYPE_STRING,
                                                name_of(tile.fit), "muted", G_TYPE_BOOLEAN, tile.muted, nullptr));
    gst_value_array_append_and_take_value(array, &item);
}

Size larger(Size a, Size b) {
    return {std::max(a.w, b.w), std::max(a.h, b.h)};
}

std::vector<ShownTile> tiles_of(const Scene &scene, TimeNs time) {
    const bool moving = scene.progress(time) < 1;
    std::vector<ShownTile> tiles;
    for (const SceneTile &tile : scene.tiles) {
        if (tile.stand_in)
            continue;
        const Size size = tile.rect.size();
        tiles.push_back(
            {tile.source->index, moving ? larger(size, tile.from.size()) : size, tile.target.fit, tile.camera_off});
    }
    for (const auto &source : scene.hidden) {
        tiles.push_back({source->index});
        for (const SceneTile &tile : scene.leaving) // it is seen until it is gone
            if (moving && tile.source == source)
                tiles.back() = {source->index, tile.from.size(), tile.target.fit, tile.camera_off};
    }
    std::sort(tiles.begin(), tiles.end(), [](const auto &a, const auto &b) { return a.index < b.index; });
    return tiles;
}

} // namespace

std::vector<ShownTile> shown_tiles(const Scene &scene, const Scene *next, TimeNs time) {
    std::vector<ShownTile> tiles = tiles_of(scene, time);
    for (ShownTile &tile : tiles) {
        const auto of_next = next ? next->tile_of(tile.index) : nullptr;
        if (of_next && !of_next->camera_off)
            tile = {tile.index, larger(tile.size, of_next->rect.size()), of_next->target.fit, false};
    }
    return tiles;
}

GstStructure *describe(const std::vector<ShownTile> &tiles) {
    GValue array = G_VALUE_INIT;
    gst_value_array_init(&array, static_cast<guint>(tiles.size()));
    for (const ShownTile &tile : tiles)
        append(&array, tile);
    GstStructure *structure = gst_structure_new_empty("livecompositor-tiles");
    gst_structure_take_value(structure, "tiles", &array);
    return structure;
}

} // namespace livecompositor
