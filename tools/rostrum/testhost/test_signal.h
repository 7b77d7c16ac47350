// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include <gst/gst.h>

#include <string>

namespace testhost {

struct SignalOptions {
    int width = 1280;
    int height = 720;
    int framerate = 30;
    int bitrate_kbps = 1500;
    std::string codec = "h264"; ///< "h264" or "vp8"
    std::string pattern = "smpte";
    bool quiet = false; ///< neither flash nor beep
};

/// Description of a bin with the encoded, payloaded picture and sound on elements named "video" and "audio"
/// (application/x-rtp src pads). Unless it is to be quiet: once a second, on the second of the running time, the
/// picture flashes white for kFlashMs and a beep of the same length begins: what a lip-sync measurement needs.
std::string describe_signal(const SignalOptions &options);

/// Makes the picture of `pipeline` flash; the element "flash" of describe_signal carries the probe.
void install_flash(GstElement *pipeline);

/// From now on the picture is half as wide and high.
void halve_picture(GstElement *pipeline);

inline constexpr guint64 kFlashMs = 100;

} // namespace testhost
