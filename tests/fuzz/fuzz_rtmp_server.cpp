// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// An RTMP server that says anything. The first byte tells in pieces of which size it comes; the greeting is made good,
// so that the fuzzer need not find 3073 bytes.

#include "rtmpegress/rtmp/adobe_auth.h"
#include "rtmpegress/rtmp/flv_body.h"
#include "rtmpegress/rtmp/publisher.h"
#include "rtmpegress/server_text.h"

#include <cstdlib>
#include <glib.h>

using rostrum::rtmp::AdobeAuth;
using rostrum::rtmp::Bytes;
using rostrum::rtmp::Publisher;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1)
        return 0;
    Publisher publisher({"rtmp://h/a", "a", "k"}, 1);
    Bytes greeting(1 + 2 * 1536);
    greeting[0] = 3;
    publisher.receive(greeting);
    Bytes out;
    const size_t step = size_t{1} + data[0];
    for (size_t at = 1; at < size; at += step) {
        publisher.receive({data + at, std::min(step, size - at)});
        publisher.produce(out);
        if (publisher.state() == Publisher::State::Live)
            publisher.write_video(static_cast<uint32_t>(at), {rostrum::rtmp::avc_tag({}, true, 0)}, out);
    }
    // What is sent stays in proportion to what came: a few commands, an answer for each piece, a frame for each.
    if (out.size() > 8192 + 100 * size)
        abort();
    if (publisher.state() == Publisher::State::Failed) {
        AdobeAuth login("user", "password", 1);
        const std::string &said = publisher.failure().connect_description;
        for (int i = 0; i < 3 && login.answer(said) == AdobeAuth::Answer::Again; i++)
            if (login.query().empty())
                abort();
        const std::string text = rostrum::for_people(publisher.failure().text);
        if (text.size() > 310 || !g_utf8_validate(text.data(), static_cast<gssize>(text.size()), nullptr))
            abort();
    }
    return 0;
}
