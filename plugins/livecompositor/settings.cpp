// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livecompositor/settings.h"

#include "livecompositor/layout_json.h"

#include <algorithm>
#include <array>
#include <numeric>

namespace livecompositor {

namespace {

struct LayoutName {
    const char *name;
    LayoutKind kind;
};
constexpr std::array<LayoutName, 5> kLayouts{{{"grid", LayoutKind::Grid},
                                              {"sidebar", LayoutKind::Sidebar},
                                              {"spotlight", LayoutKind::Spotlight},
                                              {"pip", LayoutKind::Pip},
                                              {"screen", LayoutKind::Screen}}};
constexpr int kMinSide = 16, kMaxSide = 7680; // 8K: more is a mistake
constexpr int kMaxFps = 120;

/// Levenshtein distance; both are short.
size_t distance(const std::string &a, const std::string &b) {
    std::vector<size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), size_t{0});
    for (size_t i = 0; i < a.size(); ++i) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < b.size(); ++j) {
            const size_t replaced = diagonal + (a[i] != b[j]);
            diagonal = row[j + 1];
            row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, replaced});
        }
    }
    return row.back();
}

std::string unknown_layout(const std::string &text) {
    const std::string shown = text.substr(0, 32);
    const auto nearest = std::min_element(kLayouts.begin(), kLayouts.end(), [&](const auto &a, const auto &b) {
        return distance(shown, a.name) < distance(shown, b.name);
    });
    const bool close = distance(shown, nearest->name) <= 2;
    return "unknown layout '" + shown + "'" +
           (close ? ", did you mean '" + std::string(nearest->name) + "'?" : std::string(".")) +
           " Known are grid, sidebar, spotlight, pip, screen and a JSON description that starts with '{'.";
}

} // namespace

LayoutChoice parse_layout_property(const std::string &text) {
    const auto known = std::find_if(kLayouts.begin(), kLayouts.end(), [&](const auto &l) { return text == l.name; });
    if (known != kLayouts.end())
        return {known->kind, nullptr, {}};
    const size_t start = text.find_first_not_of(" \t\r\n");
    if (start == std::string::npos || text[start] != '{')
        return {LayoutKind::Grid, nullptr, unknown_layout(text)};
    ParsedLayout parsed = parse_layout(text);
    return {LayoutKind::Custom, std::move(parsed.layout), std::move(parsed.error)};
}

std::string check_side(const char *name, int pixels) {
    const std::string what = std::string(name) + "=" + std::to_string(pixels);
    if (pixels < kMinSide || pixels > kMaxSide)
        return what + " is out of range: choose " + std::to_string(kMinSide) + " to " + std::to_string(kMaxSide) +
               " pixels, for instance 1280x720";
    if (pixels % 2)
        return what + " is odd, which I420 cannot be: choose " + std::to_string(pixels + 1);
    return {};
}

std::string check_framerate(int n, int d) {
    if (n > 0 && d > 0 && n >= d && n <= int64_t{d} * kMaxFps)
        return {};
    return "framerate=" + std::to_string(n) + "/" + std::to_string(d) + " is out of range: choose 1/1 to " +
           std::to_string(kMaxFps) + "/1, for instance 30/1";
}

} // namespace livecompositor
