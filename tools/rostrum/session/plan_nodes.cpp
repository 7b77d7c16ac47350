// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "plan_nodes.h"

namespace rostrum::session {

namespace {

constexpr unsigned kFramesPerSecond = 30;
// Its keyframes are those of KeyframeCadence; this is for the case that nobody marks them.
constexpr unsigned kLongestGopFrames = 4 * kFramesPerSecond;

std::string layout_text(const Composition &composition) {
    switch (composition.layout) {
    case Layout::Grid:
        return "grid";
    case Layout::Sidebar:
        return "sidebar";
    case Layout::Spotlight:
        return "spotlight";
    case Layout::Pip:
        return "pip";
    case Layout::Screen:
        return "screen";
    case Layout::Custom:
        break;
    }
    return composition.description;
}

/// What is not given stays as the element has it.
Properties style_of(const Composition &composition) {
    Properties style(composition.branding.begin(), composition.branding.end());
    const auto add = [&style](const char *name, const std::optional<unsigned> &value) {
        if (value)
            style[name] = std::to_string(*value);
    };
    add("gap", composition.gap);
    add("radius", composition.radius);
    add("speaker-border", composition.speaker_border);
    add("transition", composition.transition_ms);
    if (!composition.accent.empty())
        style["accent"] = composition.accent;
    if (!composition.transition_ease.empty())
        style["transition-ease"] = composition.transition_ease;
    return style;
}

} // namespace

void chain(Branch &branch, const std::vector<std::string> &names) {
    for (size_t i = 1; i < names.size(); ++i)
        branch.links.push_back({{branch.full(names[i - 1]), ""}, {branch.full(names[i]), ""}, {}});
}

void link(Branch &branch, const char *from, const char *from_pad, const char *to, const char *to_pad) {
    branch.links.push_back({{branch.full(from), from_pad}, {branch.full(to), to_pad}, {}});
}

Node leaky_queue(const char *name, const char *max_ns, const char *max_buffers) {
    return {name,
            "queue",
            {{"leaky", "downstream"},
             {"max-size-buffers", max_buffers},
             {"max-size-bytes", "0"},
             {"max-size-time", max_ns}}};
}

Node guard(const char *name) {
    return {name,
            "errorignore",
            {{"ignore-error", "true"},
             {"ignore-notlinked", "true"},
             {"ignore-notnegotiated", "true"},
             {"ignore-eos", "true"},
             {"convert-to", "ok"}}};
}

Node tee(const char *name) {
    return {name, "tee", {{"allow-not-linked", "true"}}};
}

Node selector(const char *name) {
    return {name, "input-selector", {{"sync-streams", "false"}}};
}

std::vector<Node> video_decoder(const std::string &encoding) {
    const auto depay = [](const char *factory) {
        return Node{"depay", factory, {{"request-keyframe", "true"}, {"wait-for-keyframe", "true"}}};
    };
    if (encoding == "H264") // no parser: it would report a frame of latency, and the compositor wait for that
        return {depay("rtph264depay"), {"decoder", "avdec_h264", {{"max-threads", "1"}}}};
    if (encoding == "VP8")
        return {depay("rtpvp8depay"), {"decoder", "vp8dec", {{"threads", "1"}}}};
    if (encoding == "VP9")
        return {depay("rtpvp9depay"), {"decoder", "vp9dec", {{"threads", "1"}}}};
    return {};
}

std::vector<Node> audio_decoder(const std::string &encoding) {
    if (encoding == "OPUS")
        return {{"depay", "rtpopusdepay", {}}, {"decoder", "opusdec", {{"plc", "true"}}}};
    return {};
}

Node opus_encoder() {
    return {"opus", "opusenc", {{"bitrate", "96000"}, {"frame-size", "20"}}};
}

Node aac_encoder() {
    // M/S coding, which the element is set to force, makes one channel of two that differ.
    return {"encoder", "avenc_aac", {{"aac-ms", "false"}, {"bitrate", "128000"}}};
}

unsigned video_kbps(Quality quality) {
    switch (quality) {
    case Quality::Low:
        return 1200;
    case Quality::Med:
        return 2500;
    case Quality::High:
        return 4500;
    case Quality::Ultra:
        break;
    }
    return 8000;
}

Node compositor(const Composition &composition, const PlanConfig &config) {
    const FrameSize size = frame_size(composition);
    Node node{"compositor",
              "livecompositor",
              {{"layout", layout_text(composition)},
               {"theme", composition.theme == Theme::Light ? "light" : "dark"},
               {"grid-size", std::to_string(composition.grid_size)},
               {"priority", composition.priority == Priority::Pin ? "pin" : "speaker"},
               {"width", std::to_string(size.width)},
               {"height", std::to_string(size.height)},
               {"framerate", std::to_string(kFramesPerSecond) + "/1"},
               {"slate", config.slate_text}}};
    node.properties.merge(style_of(composition));
    return node;
}

Node h264_encoder(const std::string &kbps, const char *buffer_ms) {
    return {"x264",
            "x264enc",
            {{"tune", "zerolatency"},
             {"speed-preset", "superfast"},
             {"threads", "1"},
             {"sliced-threads", "false"},
             {"bframes", "0"},
             {"key-int-max", std::to_string(kLongestGopFrames)},
             {"option-string", "scenecut=0"},
             {"ip-factor", "1.1"}, // keyframes a sixth smaller than at 1.4, at the same SSIM
             {"byte-stream", "true"},
             {"bitrate", kbps},
             {"vbv-buf-capacity", buffer_ms}}};
}

Node baseline() {
    return {"baseline",
            "capsfilter",
            {{"caps", "video/x-h264,profile=constrained-baseline,stream-format=byte-stream,alignment=au"}}};
}

Node h264_packets() {
    return {"rtp_video",
            "rtph264pay",
            {{"aggregate-mode", "zero-latency"}, {"config-interval", "-1"}, {"mtu", "1200"}, {"pt", "96"}}};
}

Node vp8_encoder(const Composition &composition) {
    return {"vp8",
            "vp8enc",
            {{"deadline", "1"},
             {"cpu-used", "12"}, // two thirds of the work at 8, for 0.003 of SSIM
             {"threads", "1"},
             {"end-usage", "cbr"},
             {"error-resilient", "partitions"},
             {"lag-in-frames", "0"},
             {"keyframe-max-dist", std::to_string(kLongestGopFrames)},
             {"target-bitrate", std::to_string(video_kbps(composition.quality)) + "000"},
             {"buffer-size", "1000"},
             {"buffer-initial-size", "500"},
             {"buffer-optimal-size", "600"},
             {"dropframe-threshold", "30"}}}; // what the largest quantizer is too small for is left out
}

} // namespace rostrum::session
