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

} // namespace

std::vector<ShownTile> shown_tiles(const Scene &scene, TimeNs time) {
    const bool moving = scene.progress(time) < 1;
    std::vector<ShownTile> tiles;
    for (const SceneTile &tile : scene.tiles) {
        Size size = tile.rect.size();
        if (moving)
            size = {std::max(size.w, tile.from.w), std::max(size.h, tile.from.h)};
        tiles.push_back({tile.source->index, size, tile.target.fit, tile.camera_off});
    }
    for (const auto &source : scene.hidden)
        tiles.push_back({source->index});
    std::sort(tiles.begin(), tiles.end(), [](const auto &a, const auto &b) { return a.index < b.index; });
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
