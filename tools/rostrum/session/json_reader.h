// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Reading members of a JSON object, each with its bounds. What is wrong is thrown as Bad, one sentence that names the
// member, and caught by parse_wanted(). Reentrant.

#pragma once

#include "state.h"

#include <json-glib/json-glib.h>

#include <stdexcept>

namespace rostrum::session {

constexpr size_t kMaxItems = 32; // livestreams, outputs of one, recordings
constexpr size_t kMaxIdBytes = 256;
constexpr size_t kMaxTextBytes = 4096;

/// Never leaves parse_wanted().
struct Bad : std::runtime_error {
    using std::runtime_error::runtime_error;
};

JsonNode *member(JsonObject *object, const char *name);
std::string string_of(JsonNode *node, const std::string &where, size_t max);
std::string required_string(JsonObject *object, const char *name, const std::string &where, size_t max = kMaxIdBytes);
JsonObject *object_of(JsonNode *node, const std::string &where);
JsonArray *array_of(JsonNode *node, const std::string &where, size_t max = kMaxItems);
std::optional<unsigned> number(JsonObject *object, const char *name, const std::string &where, unsigned max);
uint64_t large_number(JsonObject *object, const char *name, const std::string &where, uint64_t max);
bool flag(JsonObject *object, const char *name, const std::string &where, bool missing);
std::set<std::string> parse_participants(JsonObject *object, const char *name, const std::string &where);
void take_id(std::set<std::string> &seen, const std::string &id, const char *what);

template <class T> struct Choice {
    const char *name;
    T value;
};

template <class T, size_t N> T choice_of(JsonNode *node, const std::string &where, const Choice<T> (&choices)[N]) {
    const std::string text = string_of(node, where, kMaxIdBytes);
    std::string known;
    for (const auto &choice : choices) {
        if (g_ascii_strcasecmp(choice.name, text.c_str()) == 0)
            return choice.value;
        known += known.empty() ? choice.name : std::string(", ") + choice.name;
    }
    throw Bad(where + " '" + text + "' is not one of " + known);
}

/// What is missing leaves `value` as it is.
template <class T, size_t N>
void choose(JsonObject *object, const char *name, const std::string &where, const Choice<T> (&choices)[N], T &value) {
    if (JsonNode *node = member(object, name))
        value = choice_of(node, where + name, choices);
}

/// A document's "composition" or a recording's own.
Composition parse_composition(JsonNode *node, const std::string &where);

/// Of an output: which of the document's "compositions"; "" when it has the room's.
std::string parse_own_composition(JsonObject *object, const std::string &where);

std::vector<Recording> parse_recordings(JsonNode *node);
std::vector<Hls> parse_hls(JsonNode *node);

} // namespace rostrum::session
