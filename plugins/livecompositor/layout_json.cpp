// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livecompositor/layout_json.h"

#include "livecompositor/json.h"

#include <array>
#include <charconv>
#include <cmath>

namespace livecompositor {

namespace {

constexpr size_t kMaxRegions = 25;
constexpr int kMaxRadius = 360; // half of the canvas for which px are given
constexpr double kEdge = 1e-6;  // thirds and the like need not sum up exactly

/// Reads one region; keeps the first error.
class RegionReader {
  public:
    RegionReader(const JsonValue &json, std::string &error) : json_(json), error_(error) {}

    Region read() {
        Region r;
        if (json_.kind != JsonValue::Kind::Object) {
            fail(json_, "a region is an object like {\"x\":0,\"y\":0,\"width\":1,\"height\":1,\"show\":\"any\"}");
            return r;
        }
        for (size_t i = 0; i < json_.names.size(); ++i)
            read_member(json_.names[i], json_.items[i], r);
        check_inside(r);
        return r;
    }

  private:
    void fail(const JsonValue &at, const std::string &text) {
        if (error_.empty())
            error_ = json_error(at, text);
    }

    void read_member(const std::string &name, const JsonValue &value, Region &r) {
        if (name == "x")
            r.x = number(name, value, 0, 1);
        else if (name == "y")
            r.y = number(name, value, 0, 1);
        else if (name == "width")
            r.width = number(name, value, 0.01, 1);
        else if (name == "height")
            r.height = number(name, value, 0.01, 1);
        else if (name == "max")
            r.max = static_cast<int>(number(name, value, 1, kMaxTiles));
        else if (name == "radius")
            r.radius = static_cast<int>(number(name, value, 0, kMaxRadius));
        else if (name == "show")
            read_show(value, r);
        else if (name == "fit")
            read_fit(value, r);
        else
            fail(value, "unknown '" + name + "'; a region has x, y, width, height, show, max, fit and radius");
    }

    double number(const std::string &name, const JsonValue &value, double least, double most) {
        if (value.kind == JsonValue::Kind::Number && value.number >= least && value.number <= most)
            return value.number;
        const auto text = [](double v) {
            return std::to_string(v).substr(0, v == std::floor(v) ? std::to_string(v).find('.') : 4);
        };
        fail(value, "'" + name + "' is a number from " + text(least) + " to " + text(most));
        return least;
    }

    void read_show(const JsonValue &value, Region &r) {
        static constexpr std::array<std::pair<std::string_view, Show>, 4> kNames{
            {{"any", Show::Any}, {"screen", Show::Screen}, {"speaker", Show::Speaker}, {"pinned", Show::Pinned}}};
        for (const auto &[name, show] : kNames) {
            if (value.string == name) {
                r.show = show;
                return;
            }
        }
        constexpr std::string_view kPad = "video_";
        const std::string_view text = value.string;
        const char *const end = text.data() + text.size();
        if (text.substr(0, kPad.size()) == kPad && std::from_chars(text.data() + kPad.size(), end, r.pad).ptr == end &&
            text.size() > kPad.size()) {
            r.show = Show::Pad;
            return;
        }
        fail(value, "'show' is any, screen, speaker, pinned or the name of a pad like video_0");
    }

    void read_fit(const JsonValue &value, Region &r) {
        if (value.string == "cover")
            r.fit = Fit::Cover;
        else if (value.string == "contain")
            r.fit = Fit::Contain;
        else if (value.string != "auto")
            fail(value, "'fit' is auto, cover or contain");
    }

    void check_inside(const Region &r) {
        if (r.x + r.width > 1 + kEdge || r.y + r.height > 1 + kEdge)
            fail(json_, "the region reaches out of the canvas: x + width and y + height are at most 1");
    }

    const JsonValue &json_;
    std::string &error_;
};

std::string read_regions(const JsonValue &json, CustomLayout &layout) {
    if (json.kind != JsonValue::Kind::Object)
        return json_error(json, "a layout is an object like {\"regions\":[…]}");
    for (size_t i = 0; i < json.names.size(); ++i) {
        if (json.names[i] != "regions")
            return json_error(json.items[i], "unknown '" + json.names[i] + "'; a layout has regions");
    }
    const JsonValue *const regions = json.find("regions");
    if (!regions || regions->kind != JsonValue::Kind::Array || regions->items.empty())
        return json_error(regions ? *regions : json, "'regions' is a list of at least one region");
    if (regions->items.size() > kMaxRegions)
        return json_error(regions->items[kMaxRegions], "more than 25 regions");
    std::string error;
    for (const JsonValue &item : regions->items)
        layout.regions.push_back(RegionReader(item, error).read());
    return error;
}

} // namespace

ParsedLayout parse_layout(const std::string &text) {
    const JsonResult json = parse_json(text);
    if (!json.value)
        return {nullptr, json.error};
    auto layout = std::make_shared<CustomLayout>();
    std::string error = read_regions(*json.value, *layout);
    if (!error.empty())
        return {nullptr, std::move(error)};
    return {std::move(layout), {}};
}

} // namespace livecompositor
