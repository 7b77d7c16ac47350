// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Offers for the tests: real ones from the corpus, and small ones built from lines.

#pragma once

#include <glib.h>

#include <string>
#include <vector>

/// argv[1] of the test: where the corpus is.
inline std::string &corpus_directory() {
    static std::string directory;
    return directory;
}

inline std::string load_offer(const std::string &name) {
    g_autofree char *text = nullptr;
    gsize size = 0;
    g_autoptr(GError) error = nullptr;
    g_file_get_contents((corpus_directory() + "/" + name).c_str(), &text, &size, &error);
    g_assert_no_error(error);
    return {text, size};
}

inline std::string crlf(const std::vector<std::string> &lines) {
    std::string text;
    for (const std::string &line : lines)
        text += line + "\r\n";
    return text;
}

inline const std::vector<std::string> kSessionLines{"v=0", "o=- 1 2 IN IP4 127.0.0.1", "s=-", "t=0 0",
                                                    "a=group:BUNDLE 0 1 2 3"};
inline const std::vector<std::string> kTransportLines{
    "a=ice-ufrag:uaym", "a=ice-pwd:8IglBy3UE+egkDqSdVGZ6fYR",
    "a=fingerprint:sha-256 "
    "19:11:EA:35:13:D7:E6:2B:9D:32:BF:05:58:2A:C2:B0:CC:1F:B8:FA:60:A5:4F:14:D8:78:4F:44:27:F7:84:13",
    "a=setup:actpass", "a=rtcp-mux"};

/// Session and transport lines, then the given ones with those of `without` (prefixes) left out.
inline std::string offer_of(const std::vector<std::string> &section, const std::vector<std::string> &without = {}) {
    std::vector<std::string> lines = kSessionLines;
    lines.push_back(section.front());
    lines.insert(lines.end(), kTransportLines.begin(), kTransportLines.end());
    lines.insert(lines.end(), section.begin() + 1, section.end());
    std::vector<std::string> kept;
    for (const std::string &line : lines) {
        bool drop = false;
        for (const std::string &prefix : without)
            drop = drop || line.rfind(prefix, 0) == 0;
        if (!drop)
            kept.push_back(line);
    }
    return crlf(kept);
}
