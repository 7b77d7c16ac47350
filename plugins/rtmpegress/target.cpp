// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "rtmpegress/push.h"
#include "rtmpegress/rtmp_push.h"
#include "rtmpegress/srt/srt_push.h"

namespace rostrum {

namespace {

using Parse = Result<std::shared_ptr<const Target>> (*)(std::string_view url, std::string_view stream_key);

constexpr struct {
    std::string_view scheme;
    Parse parse;
} kProtocols[] = {
    {"rtmp://", parse_rtmp_target},
    {"rtmps://", parse_rtmp_target},
    {"srt://", parse_srt_target},
};

} // namespace

Result<std::shared_ptr<const Target>> parse_target(std::string_view url, std::string_view stream_key) {
    for (const auto &[scheme, parse] : kProtocols)
        if (url.starts_with(scheme))
            return parse(url, stream_key);
    return Error{400, "a destination starts with rtmp://, rtmps:// or srt://"};
}

} // namespace rostrum
