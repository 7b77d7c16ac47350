// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "layer_choice.h"

#include <algorithm>
#include <limits>

namespace rostrum::session {

namespace {

// What a viewer hardly sees. The present layer may be a little worse than that before it goes, a smaller one has to be
// a little better before it comes.
constexpr double kFills = 1.15, kStillFills = 1.2, kFillsForSure = 1.1;

struct Layer {
    const Track *track;
    Picture picture;

    uint64_t area() const { return uint64_t{picture.width} * picture.height; }
};

/// Smallest first; as browsers list them where sizes are not known.
std::vector<Layer> layers_of(const Host &host) {
    std::vector<Layer> layers;
    for (const auto &track : host.tracks)
        if (track.video) {
            const auto known = host.pictures.find(track.pad);
            layers.push_back({&track, known == host.pictures.end() ? Picture{} : known->second});
        }
    if (std::all_of(layers.begin(), layers.end(), [](const Layer &layer) { return layer.area() > 0; }))
        std::stable_sort(layers.begin(), layers.end(),
                         [](const Layer &a, const Layer &b) { return a.area() < b.area(); });
    return layers;
}

size_t find(const std::vector<Layer> &layers, const std::string &pad) {
    const auto it = std::find_if(layers.begin(), layers.end(), [&](const Layer &l) { return l.track->pad == pad; });
    return static_cast<size_t>(it - layers.begin());
}

} // namespace

double enlargement(const Picture &picture, const Tile &tile) {
    if (picture.width == 0 || picture.height == 0)
        return std::numeric_limits<double>::infinity();
    const double x = double(tile.width) / picture.width, y = double(tile.height) / picture.height;
    const auto [whole, covering] = std::minmax(x, y);
    const bool hides_over_half = whole < covering / 2;
    return tile.fit == Fit::Contain || (tile.fit == Fit::Auto && hides_over_half) ? whole : covering;
}

const Track *decoded_video(const Host &host) {
    std::vector<Layer> layers = layers_of(host);
    if (layers.empty() || (!host.tile && layers.size() > 1))
        return nullptr;
    if (!host.tile)
        return layers.front().track;
    if (!host.tile->visible())
        return nullptr;
    const size_t before = find(layers, host.decoded);
    if (std::none_of(layers.begin(), layers.end(), [](const Layer &layer) { return layer.picture.flowing; })) {
        if (before < layers.size())
            return layers[before].track; // a camera that is off comes back as it went
    } else {
        std::erase_if(layers, [](const Layer &layer) { return !layer.picture.flowing; });
    }
    const size_t present = find(layers, host.decoded);
    for (size_t i = 0; i < layers.size(); ++i) {
        const double most = present == layers.size() || i > present ? kFills
                            : i == present                          ? kStillFills
                                                                    : kFillsForSure;
        if (enlargement(layers[i].picture, *host.tile) <= most)
            return layers[i].track;
    }
    return layers.back().track;
}

const Track *best_flowing_video(const Host &host) {
    const std::vector<Layer> layers = layers_of(host);
    for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer)
        if (layer->picture.flowing)
            return layer->track;
    return layers.empty() ? nullptr : layers.back().track;
}

} // namespace rostrum::session
