// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/viewer_limits.h"

#include <charconv>

namespace rostrum {
namespace {

struct Limit {
    const char *name;
    int64_t min, max;
    std::optional<uint32_t> ViewerLimits::*member;
};
constexpr Limit kLimits[] = {
    {"maxLayer", 0, 7, &ViewerLimits::max_layer}, // viewerfanout has 8
    {"maxBitrate", 1, ViewerLimits::kNone - 1, &ViewerLimits::max_bitrate},
};

uint32_t checked(const Limit &limit, std::optional<int64_t> value) {
    if (!value || *value < limit.min || *value > limit.max)
        throw Refusal{400, std::string(limit.name) + " has to be a whole number from " + std::to_string(limit.min) +
                               " to " + std::to_string(limit.max)};
    return static_cast<uint32_t>(*value);
}

std::optional<int64_t> whole_number(const std::string &text) {
    int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

} // namespace

ViewerLimits limits_of_query(const Exchange &exchange) {
    ViewerLimits limits;
    for (const auto &limit : kLimits)
        if (const std::string text = exchange.query(limit.name); !text.empty())
            limits.*limit.member = checked(limit, whole_number(text));
    return limits;
}

ViewerLimits limits_of_body(const Json &body) {
    ViewerLimits limits;
    size_t known = 0;
    for (const auto &limit : kLimits) {
        if (!body.has(limit.name))
            continue;
        ++known;
        const Json value = body.get(limit.name);
        limits.*limit.member =
            value.is_null() ? ViewerLimits::kNone
                            : checked(limit, value.is_integer() ? std::optional(value.as_integer()) : std::nullopt);
    }
    if (known == 0 || known != body.keys().size())
        throw Refusal{400, "the body names maxLayer, maxBitrate or both, and nothing else"};
    return limits;
}

} // namespace rostrum
