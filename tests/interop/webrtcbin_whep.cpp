// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// GStreamer's webrtcbin as a WHEP player: `webrtcbin_whep URL`, the token in ROSTRUM_TOKEN. It offers without
// candidates, trickles them, plays until a second of picture has come and some sound, and leaves.

#include "waiting.h"
#include "webrtcbin_viewer.h"

#include <libsoup/soup.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace {

struct Reply {
    unsigned status = 0;
    std::string body, location, etag;
};

Reply send(const char *method, const std::string &url, const char *type = nullptr, const std::string &body = {},
           const std::string &if_match = {}) {
    g_autoptr(SoupSession) session = soup_session_new();
    g_autoptr(SoupMessage) message = soup_message_new(method, url.c_str());
    g_assert_nonnull(message);
    SoupMessageHeaders *headers = soup_message_get_request_headers(message);
    const std::string authorization = std::string("Bearer ") + g_getenv("ROSTRUM_TOKEN");
    soup_message_headers_replace(headers, "Authorization", authorization.c_str());
    if (!if_match.empty())
        soup_message_headers_replace(headers, "If-Match", if_match.c_str());
    if (type) {
        g_autoptr(GBytes) bytes = g_bytes_new(body.data(), body.size());
        soup_message_set_request_body_from_bytes(message, type, bytes);
    }
    g_autoptr(GError) error = nullptr;
    g_autoptr(GBytes) bytes = soup_session_send_and_read(session, message, nullptr, &error);
    g_assert_no_error(error);
    Reply reply;
    reply.status = soup_message_get_status(message);
    reply.body.assign(static_cast<const char *>(g_bytes_get_data(bytes, nullptr)), g_bytes_get_size(bytes));
    SoupMessageHeaders *answered = soup_message_get_response_headers(message);
    if (const char *location = soup_message_headers_get_one(answered, "Location")) {
        g_autofree char *absolute = g_uri_resolve_relative(url.c_str(), location, G_URI_FLAGS_NONE, nullptr);
        reply.location = absolute;
    }
    if (const char *etag = soup_message_headers_get_one(answered, "ETag"))
        reply.etag = etag;
    return reply;
}

/// The lines of `sdp` that begin with one of `names`, or the others.
std::string lines(const std::string &sdp, std::initializer_list<const char *> names, bool with) {
    std::string result;
    for (size_t from = 0; from < sdp.size();) {
        const size_t end = std::min(sdp.find('\n', from), sdp.size() - 1) + 1;
        const std::string line = sdp.substr(from, end - from);
        const bool named =
            std::any_of(names.begin(), names.end(), [&](const char *name) { return line.starts_with(name); });
        if (named == with)
            result += line;
        from = end;
    }
    return result;
}

} // namespace

int main(int argc, char **argv) {
    gst_init(&argc, &argv);
    g_assert_cmpint(argc, ==, 2);
    Reply posted;
    std::string fragment;
    const test::WebrtcbinViewer::Signalling play = [&](const std::string &offer) {
        const std::string media = offer.substr(offer.find("m=")); // the section that the candidates belong to
        fragment = lines(media.substr(0, media.find("m=", 2)), {"m=", "a=mid", "a=ice-", "a=candidate"}, true);
        posted = send("POST", argv[1], "application/sdp", lines(offer, {"a=candidate", "a=end-of-candidates"}, false));
        g_assert_cmpuint(posted.status, ==, 201);
        return posted.body;
    };
    test::WebrtcbinViewer viewer(play);
    g_assert_nonnull(std::strstr(fragment.c_str(), "a=candidate"));
    const Reply trickled = send("PATCH", posted.location, "application/trickle-ice-sdpfrag", fragment, posted.etag);
    viewer.wait_frames(30);
    test::wait_for("sound", [&] { return viewer.loud(); });
    const Reply left = send("DELETE", posted.location);
    std::printf("trickled %u left %u\n", trickled.status, left.status);
    return 0;
}
