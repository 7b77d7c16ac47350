// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/base/config_file.h"

#include "tools/rostrum/base/glib_handles.h"

#include <glib/gstdio.h>
#include <memory>
#include <sstream>

namespace rostrum {
namespace {

constexpr char kGroup[] = "rostrum";

struct KeyFileDeleter {
    void operator()(GKeyFile *file) const { g_key_file_free(file); }
};
using KeyFile = std::unique_ptr<GKeyFile, KeyFileDeleter>;

std::string stripped(std::string text) {
    return g_strstrip(text.data());
}

} // namespace

ConfigFile read_config_file(const std::string &path, bool required) {
    ConfigFile result;
    char *content = nullptr;
    GError *error = nullptr;
    if (!g_file_get_contents(path.c_str(), &content, nullptr, &error)) {
        const bool absent = g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
        const std::string why = take_error(error);
        if (required || !absent)
            result.errors.push_back(path + ": " + why);
        return result;
    }
    const std::string text = take_string(content);

    std::istringstream lines(text);
    std::string line, good;
    for (unsigned number = 1; std::getline(lines, line); ++number) {
        const std::string bare = stripped(line);
        const std::string place = path + ":" + std::to_string(number) + ": ";
        if (bare.empty() || bare[0] == '#')
            continue;
        if (bare[0] == '[') {
            if (bare != "[rostrum]")
                result.errors.push_back(place + "the only group is [rostrum], not " + bare);
            continue;
        }
        const size_t equals = bare.find('=');
        if (equals == std::string::npos || equals == 0) {
            result.errors.push_back(place + "write `key = value`, or `#` before a comment");
            continue;
        }
        result.lines.push_back({number, stripped(bare.substr(0, equals)), ""});
        good += bare + "\n";
    }

    const KeyFile file(g_key_file_new());
    const std::string document = "[rostrum]\n" + good;
    if (!g_key_file_load_from_data(file.get(), document.c_str(), document.size(), G_KEY_FILE_NONE, &error)) {
        result.errors.push_back(path + ": " + take_error(error));
        result.lines.clear();
        return result;
    }
    for (auto &entry : result.lines)
        entry.value = take_string(g_key_file_get_string(file.get(), kGroup, entry.key.c_str(), nullptr));
    return result;
}

std::string append_config_file(const std::string &path,
                               const std::vector<std::pair<std::string, std::string>> &values) {
    const KeyFile file(g_key_file_new());
    g_key_file_load_from_file(file.get(), path.c_str(), G_KEY_FILE_KEEP_COMMENTS, nullptr);
    for (const auto &[key, value] : values)
        g_key_file_set_string(file.get(), kGroup, key.c_str(), value.c_str());
    return write_private_file(path, take_string(g_key_file_to_data(file.get(), nullptr, nullptr)));
}

std::string write_private_file(const std::string &path, const std::string &text) {
    GError *error = nullptr;
    const auto flags = static_cast<GFileSetContentsFlags>(G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE);
    if (!g_file_set_contents_full(path.c_str(), text.data(), static_cast<gssize>(text.size()), flags, 0600, &error))
        return take_error(error);
    return g_chmod(path.c_str(), 0600) == 0 ? "" : path + ": the permissions cannot be set to 0600";
}

} // namespace rostrum
