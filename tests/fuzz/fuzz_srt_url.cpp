// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What is accepted names a host and a port, fits into libsrt's options, and is shown without its secrets.

#include "rtmpegress/srt/srt_url.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const std::string_view text(reinterpret_cast<const char *>(data), size);
    const size_t line = text.find('\n');
    const auto url = rostrum::parse_srt_url(text.substr(0, line), line == text.npos ? "" : text.substr(line + 1));
    if (!url)
        return 0;
    const bool fits = url.value().stream_id.size() <= 512 && url.value().passphrase.size() <= 79;
    if (url.value().host.empty() || url.value().port == 0 || !fits ||
        url.value().display().find('?') != std::string::npos)
        std::abort();
    return 0;
}
