// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A journal of any bytes: what is taken from it makes playlists that are read without an error in their syntax.

#include "playlist.h"
#include "strict_playlist.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    using namespace rostrum::hls;
    const std::string_view bytes(reinterpret_cast<const char *>(data), size);
    test::read_playlist(bytes);
    Timeline timeline;
    LineReader reader;
    reader.feed(bytes.substr(0, size / 2), timeline);
    reader.feed(bytes.substr(size / 2), timeline);
    for (const View view : {View::Live, View::Dvr, View::Vod}) {
        test::read_playlist(multivariant_playlist(timeline, view));
        for (const auto &rendition : timeline.renditions)
            for (const bool skip : {false, true}) {
                const auto playlist = test::read_playlist(media_playlist(timeline, rendition, {view, 4000, skip}));
                if (playlist.end_sequence() > rendition.segments.size() || playlist.multivariant)
                    std::abort();
            }
    }
    return 0;
}
