// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livecompositor/layout_json.h"

#include "livecompositor/json.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace livecompositor {

namespace {

constexpr size_t kMaxRegions = 25;
constexpr int kMaxZ = 100;
constexpr size_t kMaxLabelBytes = 256;
constexpr double kEdge = 1e-6; // thirds and the like need not sum up exactly

using Kind = JsonValue::Kind;

/// Takes values out of the document; keeps the first error.
class Reader {
  public:
    const std::string &error() const { return error_; }

    CustomLayout layout(const JsonValue &json) {
        CustomLayout layout;
        if (json.kind != Kind::Object) {
            fail(json, "a layout is an object like {\"regions\":[…]}");
            return layout;
        }
        for (size_t i = 0; i < json.names.size(); ++i) {
            const std::string &name = json.names[i];
            if (name != "regions" && !read_style(name, json.items[i], layout.style))
                fail(json.items[i], "unknown '" + name + "'; a layout has regions, gap and radius");
        }
        const JsonValue *const regions = json.find("regions");
        if (!regions || regions->kind != Kind::Array || regions->items.empty())
            fail(regions ? *regions : json, "'regions' is a list of at least one region");
        else if (regions->items.size() > kMaxRegions)
            fail(regions->items[kMaxRegions], "more than 25 regions");
        else
            for (const JsonValue &item : regions->items)
                layout.regions.push_back(region(item));
        return layout;
    }

  private:
    void fail(const JsonValue &at, const std::string &text) {
        if (error_.empty())
            error_ = json_error(at, text);
    }

    Region region(const JsonValue &json) {
        Region r;
        if (json.kind != Kind::Object) {
            fail(json, "a region is an object like {\"x\":0,\"y\":0,\"width\":1,\"height\":1,\"show\":\"any\"}");
            return r;
        }
        for (size_t i = 0; i < json.names.size(); ++i)
            if (!read_place(json.names[i], json.items[i], r) && !read_style(json.names[i], json.items[i], r.style))
                read_who(json.names[i], json.items[i], r);
        if (r.x + r.width > 1 + kEdge || r.y + r.height > 1 + kEdge)
            fail(json, "the region reaches out of the canvas: x + width and y + height are at most 1");
        return r;
    }

    bool read_place(const std::string &name, const JsonValue &value, Region &r) {
        if (name == "x")
            r.x = number(name, value, 0, 1);
        else if (name == "y")
            r.y = number(name, value, 0, 1);
        else if (name == "width")
            r.width = number(name, value, 0.01, 1);
        else if (name == "height")
            r.height = number(name, value, 0.01, 1);
        else if (name == "z")
            r.z = whole(name, value, -kMaxZ, kMaxZ);
        else
            return false;
        return true;
    }

    bool read_style(const std::string &name, const JsonValue &value, Style &style) {
        if (name == "gap")
            style.gap = whole(name, value, 0, kMaxGap);
        else if (name == "radius")
            style.radius = whole(name, value, 0, kMaxRadius);
        else
            return false;
        return true;
    }

    void read_who(const std::string &name, const JsonValue &value, Region &r) {
        if (name == "max")
            r.max = whole(name, value, 1, kMaxTiles);
        else if (name == "show")
            read_show(value, r);
        else if (name == "fit")
            read_fit(value, r);
        else
            fail(value, "unknown '" + name + "'; a region has x, y, width, height, show, max, fit, gap, radius and z");
    }

    double number(const std::string &name, const JsonValue &value, double least, double most) {
        if (value.kind == Kind::Number && value.number >= least && value.number <= most)
            return value.number;
        const auto text = [](double v) {
            return std::to_string(v).substr(0, v == std::floor(v) ? std::to_string(v).find('.') : 4);
        };
        fail(value, "'" + name + "' is a number from " + text(least) + " to " + text(most));
        return least;
    }

    int whole(const std::string &name, const JsonValue &value, int least, int most) {
        const double v = value.number;
        if (value.kind == Kind::Number && v == std::floor(v) && v >= least && v <= most)
            return static_cast<int>(v);
        fail(value, "'" + name + "' is a whole number from " + std::to_string(least) + " to " + std::to_string(most));
        return least;
    }

    void read_show(const JsonValue &value, Region &r) {
        static constexpr std::array<std::pair<std::string_view, Show>, 6> kNames{{{"any", Show::Any},
                                                                                  {"camera", Show::Camera},
                                                                                  {"screen", Show::Screen},
                                                                                  {"main", Show::Main},
                                                                                  {"speaker", Show::Speaker},
                                                                                  {"pinned", Show::Pinned}}};
        constexpr std::string_view kPad = "video_", kLabel = "label:";
        const std::string_view text = value.string;
        const auto known = std::find_if(kNames.begin(), kNames.end(), [&](const auto &n) { return n.first == text; });
        if (known != kNames.end()) {
            r.show = known->second;
        } else if (text.starts_with(kLabel) && text.size() > kLabel.size() && text.size() <= kMaxLabelBytes) {
            r.show = Show::Label;
            r.label = text.substr(kLabel.size());
        } else if (text.starts_with(kPad) && read_number(text.substr(kPad.size()), r.pad)) {
            r.show = Show::Pad;
        } else {
            fail(value, "'show' is any, camera, screen, main, speaker, pinned, the name of a pad like video_0 or a "
                        "label like label:Ann");
        }
    }

    static bool read_number(std::string_view digits, unsigned &number) {
        const char *const end = digits.data() + digits.size();
        const auto [next, error] = std::from_chars(digits.data(), end, number);
        return error == std::errc() && next == end;
    }

    void read_fit(const JsonValue &value, Region &r) {
        if (value.string == "cover")
            r.fit = Fit::Cover;
        else if (value.string == "contain")
            r.fit = Fit::Contain;
        else if (value.string != "auto")
            fail(value, "'fit' is auto, cover or contain");
    }

    std::string error_;
};

} // namespace

ParsedLayout parse_layout(const std::string &text) {
    const JsonResult json = parse_json(text);
    if (!json.value)
        return {nullptr, json.error};
    Reader reader;
    auto layout = std::make_shared<const CustomLayout>(reader.layout(*json.value));
    if (!reader.error().empty())
        return {nullptr, reader.error()};
    return {std::move(layout), {}};
}

} // namespace livecompositor
