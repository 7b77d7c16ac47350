// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/live/composition.h"

#include "tools/rostrum/base/config.h"
#include "tools/rostrum/base/glib_handles.h"
#include "tools/rostrum/base/ids.h"

#include <algorithm>
#include <memory>

namespace rostrum {
namespace {

constexpr int64_t kMaxGridSize = 25;
constexpr int64_t kMaxGap = 120, kMaxRadius = 360, kMaxBorder = 40, kMaxTransitionMs = 5000; // as livecompositor's
constexpr size_t kMaxPlaced = 32;
constexpr size_t kMaxTextBytes = 2000;
constexpr int64_t kMaxTimeMs = 253402300799000; // year 9999
constexpr char kCustom[] = "CUSTOM";
const std::vector<std::string> kMembers{"layout",     "theme",      "quality",   "orientation",    "speakerBorder",
                                        "accent",     "transition", "pinned",    "screens",        "background",
                                        "lowerThird", "ticker",     "countdown", "countdownLabel", "beRightBack"};

Refusal bad(const std::string &text) {
    return {400, text};
}

std::string joined(const std::vector<std::string> &words) {
    std::string text;
    for (const auto &word : words)
        text += (text.empty() ? "" : ", ") + word;
    return text;
}

/// Copies `name` from `config` into `out` when it is one of `allowed` (compared in upper or lower case as they are).
std::optional<Refusal> take_choice(const Json &config, const char *name, const std::vector<std::string> &allowed,
                                   Json &out) {
    if (!config.has(name) || config.get(name).is_null())
        return std::nullopt;
    const std::string given = config.text(name);
    for (const auto &choice : allowed)
        if (g_ascii_strcasecmp(choice.c_str(), given.c_str()) == 0) {
            out.set(name, choice);
            return std::nullopt;
        }
    const std::string guess = did_you_mean(given, allowed);
    return bad("unknown " + std::string(name) + (given.empty() ? "" : " '" + given + "'") +
               (guess.empty() ? "; choose one of " + joined(allowed) : ", did you mean '" + guess + "'?"));
}

/// A whole number, or null for the default.
std::optional<Refusal> take_number(const Json &config, const char *name, int64_t most, Json &out) {
    if (!config.has(name))
        return std::nullopt;
    const Json value = config.get(name);
    if (!value.is_null() && (!value.is_integer() || value.as_integer() < 0 || value.as_integer() > most))
        return bad(std::string(name) + " has to be a whole number from 0 to " + std::to_string(most) + ", or null");
    out.set(name, value);
    return std::nullopt;
}

/// "#1a2b3c", or null for the default.
std::optional<Refusal> take_color(const Json &config, const char *name, Json &out) {
    if (!config.has(name))
        return std::nullopt;
    const Json value = config.get(name);
    const std::string text = value.as_string();
    const bool color = text.size() == 7 && text[0] == '#' &&
                       std::all_of(text.begin() + 1, text.end(), [](char c) { return g_ascii_isxdigit(c); });
    if (!value.is_null() && !color)
        return bad(std::string(name) + " has to be a colour like \"#1a2b3c\", or null");
    out.set(name, value);
    return std::nullopt;
}

/// One line, or null for none.
std::optional<Refusal> take_line(const Json &config, const char *name, Json &out) {
    if (!config.has(name))
        return std::nullopt;
    const Json value = config.get(name);
    const std::string text = value.as_string();
    const bool line = value.is_string() && text.size() <= kMaxTextBytes &&
                      std::none_of(text.begin(), text.end(), [](char c) { return g_ascii_iscntrl(c); });
    if (!value.is_null() && !line)
        return bad(std::string(name) + " has to be a text of at most " + std::to_string(kMaxTextBytes) +
                   " bytes without line breaks ('|' is one), or null");
    out.set(name, value);
    return std::nullopt;
}

std::optional<Refusal> take_branding(const Json &config, Json &out) {
    for (const char *name : {"lowerThird", "ticker", "countdownLabel"})
        if (auto refusal = take_line(config, name, out))
            return refusal;
    if (auto refusal = take_number(config, "countdown", kMaxTimeMs, out))
        return refusal;
    if (auto refusal = take_color(config, "background", out))
        return refusal;
    if (const Json back = config.get("beRightBack"); config.has("beRightBack")) {
        if (!back.is_null() && !back.is_bool())
            return bad("beRightBack has to be true or false");
        out.set("beRightBack", back);
    }
    return std::nullopt;
}

std::optional<Refusal> take_participants(const Json &config, const char *name, Json &out) {
    if (!config.has(name))
        return std::nullopt;
    const Json value = config.get(name);
    const auto ids = value.strings();
    const bool good = value.is_array() && ids.size() == value.items().size() && ids.size() <= kMaxPlaced &&
                      std::all_of(ids.begin(), ids.end(), is_participant_id);
    if (!value.is_null() && !good)
        return bad(std::string(name) + " has to be a list of at most " + std::to_string(kMaxPlaced) +
                   " participant ids, or null");
    out.set(name, value);
    return std::nullopt;
}

std::optional<Refusal> take_transition(const Json &config, Json &out) {
    if (!config.has("transition"))
        return std::nullopt;
    const Json given = config.get("transition");
    if (!given.is_object() && !given.is_null())
        return bad("transition has to be an object: {\"ms\": 400, \"ease\": \"ease-in-out\"}");
    Json transition = given.is_null() || !out.get("transition").is_object() ? Json::object() : out.get("transition");
    if (auto refusal = take_number(given, "ms", kMaxTransitionMs, transition))
        return refusal;
    if (auto refusal = take_choice(given, "ease", {"linear", "ease-in", "ease-out", "ease-in-out"}, transition))
        return refusal;
    out.set("transition", transition);
    return std::nullopt;
}

/// A description stands for the type CUSTOM, and every other type drops it.
std::optional<Refusal> take_description(const Json &given, Json &layout) {
    const Json description = given.get("description");
    if (!description.is_null() && !description.is_object())
        return bad("layout.description has to be an object: {\"regions\": [{\"show\": \"main\"}]}");
    if (description.is_object() && given.has("type") && layout.text("type") != kCustom)
        return bad("layout.description goes with the type CUSTOM");
    if (description.is_object())
        layout.set("type", kCustom).set("description", description);
    else if (layout.text("type") != kCustom && layout.has("description"))
        layout.set("description", nullptr);
    if (layout.text("type") == kCustom && !layout.get("description").is_object())
        return bad("the layout CUSTOM needs a description: {\"regions\": [{\"show\": \"main\"}]}");
    return std::nullopt;
}

std::optional<Refusal> take_layout(const Json &given, Json &layout) {
    if (given.is_null())
        return std::nullopt;
    if (!given.is_object())
        return bad("layout has to be an object: {\"type\": \"GRID\", \"priority\": \"SPEAKER\", \"gridSize\": 4}");
    if (auto refusal = take_choice(given, "type", {"GRID", "SPOTLIGHT", "SIDEBAR", "PIP", "SCREEN", kCustom}, layout))
        return refusal;
    if (auto refusal = take_choice(given, "priority", {"SPEAKER", "PIN"}, layout))
        return refusal;
    if (const Json size = given.get("gridSize"); !size.is_null()) {
        if (!size.is_integer() || size.as_integer() < 0 || size.as_integer() > kMaxGridSize)
            return bad("layout.gridSize has to be a whole number from 0 to 25");
        layout.set("gridSize", size.as_integer() ? size.as_integer() : kMaxGridSize);
    }
    if (auto refusal = take_number(given, "gap", kMaxGap, layout))
        return refusal;
    if (auto refusal = take_number(given, "radius", kMaxRadius, layout))
        return refusal;
    return take_description(given, layout);
}

/// The first name of `object` that is not among `known`.
std::optional<Refusal> check_names(const Json &object, const std::string &where,
                                   const std::vector<std::string> &known) {
    for (const auto &name : object.keys()) {
        if (std::find(known.begin(), known.end(), name) != known.end())
            continue;
        const std::string guess = did_you_mean(name, known);
        return bad(where + " has no '" + name + "'" +
                   (guess.empty() ? "; it has " + joined(known) : ", did you mean '" + guess + "'?"));
    }
    return std::nullopt;
}

Json copy_of(const Json &object) {
    return parse_json(object.dump()).value_or(Json::object());
}

} // namespace

Json default_composition() {
    return Json::object(
        {{"layout", Json::object({{"type", "GRID"}, {"priority", "SPEAKER"}, {"gridSize", kMaxGridSize}})},
         {"theme", "DARK"},
         {"quality", "med"},
         {"orientation", "landscape"}});
}

bool names_picture(const Json &config) {
    return std::any_of(kMembers.begin(), kMembers.end(), [&](const auto &name) { return config.has(name.c_str()); });
}

std::optional<Refusal> check_composition_names(const Json &config) {
    if (auto refusal = check_names(config, "a composition", kMembers))
        return refusal;
    if (auto refusal = check_names(config.get("layout"), "layout",
                                   {"type", "priority", "gridSize", "gap", "radius", "description"}))
        return refusal;
    return check_names(config.get("transition"), "transition", {"ms", "ease"});
}

std::variant<Json, Refusal> parse_composition(const Json &config, const Json &current) {
    Json result = copy_of(current);
    if (config.is_null())
        return result;
    if (!config.is_object())
        return bad("config has to be an object");
    Json layout = result.get("layout");
    if (auto refusal = take_layout(config.get("layout"), layout))
        return *refusal;
    if (auto refusal = take_choice(config, "theme", {"DARK", "LIGHT", "DEFAULT"}, result))
        return *refusal;
    if (auto refusal = take_choice(config, "quality", {"low", "med", "high", "ultra"}, result))
        return *refusal;
    if (auto refusal = take_choice(config, "orientation", {"landscape", "portrait"}, result))
        return *refusal;
    if (auto refusal = take_number(config, "speakerBorder", kMaxBorder, result))
        return *refusal;
    if (auto refusal = take_color(config, "accent", result))
        return *refusal;
    if (auto refusal = take_transition(config, result))
        return *refusal;
    if (auto refusal = take_branding(config, result))
        return *refusal;
    for (const char *name : {"pinned", "screens"})
        if (auto refusal = take_participants(config, name, result))
            return *refusal;
    return result;
}

} // namespace rostrum
