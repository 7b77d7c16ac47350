// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "rtmpegress/push_failure.h"

#include <algorithm>
#include <array>

namespace rostrum {

namespace {

/// What servers and TLS say when another attempt would get the same answer. A name that is in use is not among
/// them: servers hold it for a while after a connection broke.
constexpr std::array kPermanent = {
    "NetConnection.Connect.InvalidApp", "NetConnection.Connect.Rejected", "NetStream.Publish.Denied",
    "Unacceptable TLS certificate",     "authentication failed",
};

/// GStreamer's debug text is "file(line): function (): /path/of/element:\ndetail": only the detail is for people.
std::string detail_of(const char *debug) {
    const std::string_view text = debug ? debug : "";
    const size_t line = text.find('\n');
    std::string detail(line == text.npos ? std::string_view() : text.substr(line + 1));
    if (const size_t code = detail.find("error g-"); code == 0)
        detail.erase(0, std::min(detail.find(": "), detail.size() - 2) + 2);
    return detail;
}

} // namespace

PushFailure describe_failure(const RtmpUrl &url, const GError &error, const char *debug) {
    std::string text = error.message;
    if (const std::string detail = detail_of(debug); !detail.empty())
        text += ": " + detail;
    const bool refused = g_error_matches(&error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_AUTHORIZED);
    const bool permanent = refused || std::any_of(kPermanent.begin(), kPermanent.end(),
                                                  [&](const char *phrase) { return text.find(phrase) != text.npos; });
    // The source notices a failed sink too, in words that help nobody.
    if (g_error_matches(&error, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED))
        text = "the connection broke while publishing";
    return {permanent, url.sanitize(text)};
}

} // namespace rostrum
