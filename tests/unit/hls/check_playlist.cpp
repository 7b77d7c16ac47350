// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// check-playlist BEFORE AFTER…: files that hold versions of one playlist, in order. Says what is wrong, a line each;
// ends with status 1 then.

#include "strict_playlist.h"

#include <cstdio>
#include <fstream>
#include <iterator>

int main(int argc, char **argv) {
    bool good = true;
    test::StrictPlaylist before;
    for (int i = 1; i < argc; ++i) {
        std::ifstream file(argv[i]);
        const std::string text(std::istreambuf_iterator<char>(file), {});
        const test::StrictPlaylist playlist = test::read_playlist(text);
        std::vector<std::string> errors = playlist.errors;
        if (i > 1 && !playlist.multivariant)
            for (const auto &error : test::update_errors(before, playlist))
                errors.push_back("after the version before it: " + error);
        for (const auto &error : errors)
            std::printf("%s: %s\n", argv[i], error.c_str());
        good = good && errors.empty();
        before = playlist;
    }
    return good ? 0 : 1;
}
