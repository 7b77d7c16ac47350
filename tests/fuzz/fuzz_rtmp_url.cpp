// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Destinations as API users write them: "URL\nstream key\ntext of a server".

#include "rtmpegress/rtmp_url.h"

#include <algorithm>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const std::string_view input(reinterpret_cast<const char *>(data), size);
    const size_t first = std::min(input.find('\n'), size), second = std::min(input.find('\n', first + 1), size);
    const std::string_view key = first < size ? input.substr(first + 1, second - first - 1) : std::string_view();
    const auto url = rostrum::parse_rtmp_url(input.substr(0, first), key);
    if (!url)
        return 0;
    if (url.value().host.empty() || url.value().port == 0 || url.value().application.empty() ||
        url.value().stream.empty())
        abort();
    const std::string clean = url.value().sanitize(input);
    if (url.value().stream.find('*') == std::string::npos && clean.find(url.value().stream) != std::string::npos)
        abort();
    return 0;
}
