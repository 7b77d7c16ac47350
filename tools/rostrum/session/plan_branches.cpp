// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "plan_branches.h"

#include <algorithm>
#include <utility>

namespace rostrum::session {

namespace {

// Reordering and retransmission of a host's packets before they are decoded. The viewers of that host do not wait for
// it.
constexpr const char *kJitterMs = "80";

// Outputs may lag this much behind (a slow disk, a connection that stalls) before the oldest is dropped.
constexpr const char *kOutputQueueNs = "3000000000";

constexpr unsigned kFramesPerSecond = 30;
// Its keyframes are those of KeyframeCadence; this is for the case that nobody marks them.
constexpr unsigned kLongestGopFrames = 4 * kFramesPerSecond;

constexpr const char *kBufferMs = "1000";
// A connection that just carries a rendition is held up by its keyframes for no longer than this.
constexpr const char *kThinBufferMs = "400";

/// A chain of nodes, linked in order.
void chain(Branch &branch, const std::vector<std::string> &names) {
    for (size_t i = 1; i < names.size(); ++i)
        branch.links.push_back({{branch.full(names[i - 1]), ""}, {branch.full(names[i]), ""}, {}});
}

void link(Branch &branch, const char *from, const char *from_pad, const char *to, const char *to_pad) {
    branch.links.push_back({{branch.full(from), from_pad}, {branch.full(to), to_pad}, {}});
}

/// Drops its oldest when full and never blocks upstream.
Node leaky_queue(const char *name, const char *max_ns, const char *max_buffers = "0") {
    return {name,
            "queue",
            {{"leaky", "downstream"},
             {"max-size-buffers", max_buffers},
             {"max-size-bytes", "0"},
             {"max-size-time", max_ns}}};
}

/// What goes wrong behind it stays behind it.
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

Properties network(const PlanConfig &config) {
    Properties properties{{"public-address", config.public_address}};
    if (!config.port_range.empty())
        properties["port-range"] = config.port_range;
    if (config.ice_tcp)
        properties["ice-tcp"] = "true";
    return properties;
}

Node fanout(const PlanConfig &config, unsigned shards) {
    Node node{"fanout", "viewerfanout", network(config)};
    if (shards > 1)
        node.properties["shards"] = std::to_string(shards);
    if (config.max_viewers > 0)
        node.properties["max-viewers"] = std::to_string(config.max_viewers);
    return node;
}

/// Video codecs that can be composed: depayloader, what follows it, decoder.
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

const char *video_kbps(Quality quality) {
    switch (quality) {
    case Quality::Low:
        return "1200";
    case Quality::Med:
        return "2500";
    case Quality::High:
        return "4500";
    case Quality::Ultra:
        break;
    }
    return "8000";
}

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

/// One encode for everybody: no B-frames, closed GOP, VBV of one second. Sliced threads would make several slices per
/// frame, which a browser counts as several frames.
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

/// Aggregation stays within one picture; anything else costs latency.
Node h264_packets() {
    return {"rtp_video",
            "rtph264pay",
            {{"aggregate-mode", "zero-latency"}, {"config-interval", "-1"}, {"mtu", "1200"}, {"pt", "96"}}};
}

/// For viewers who take nothing else: realtime, a buffer of one second, and a picture that is lost spoils no other
/// partition of the bitstream. More threads spin where there is no core for them.
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
             {"target-bitrate", std::string(video_kbps(composition.quality)) + "000"},
             {"buffer-size", "1000"},
             {"buffer-initial-size", "500"},
             {"buffer-optimal-size", "600"},
             {"dropframe-threshold", "30"}}}; // what the largest quantizer is too small for is left out
}

} // namespace

std::string host_branch(const std::string &participant) {
    return "host:" + participant;
}
std::string feed_branch(const std::string &participant) {
    return "feed:" + participant;
}
std::string tile_branch(const std::string &participant) {
    return "tile:" + participant;
}
std::string recording_branch(const std::string &recording) {
    return "recording:" + recording;
}

std::string layer_branch(const std::string &program, unsigned layer) {
    return layer == 0 ? program : program + ":" + std::to_string(layer);
}

std::string program_branch(const std::string &only_codec) {
    if (only_codec.empty())
        return kProgramBranch;
    return std::string(kProgramBranch) + (only_codec == "VP8" ? "-vp8" : "-h264");
}

std::string rendition_branch(const Rendition &rendition) {
    return encode_branch("H264") + ":" + std::to_string(rendition.height);
}

std::string encode_branch(const std::string &codec) {
    return codec == "VP8" ? "encode:vp8" : "encode:h264";
}

std::string track_branch(const std::string &participant, const Track &track) {
    return "track:" + participant + ":" + track.pad;
}

FrameSize frame_size(const Composition &composition) {
    FrameSize size{1920, 1080};
    if (composition.quality == Quality::Med)
        size = {1280, 720};
    else if (composition.quality == Quality::Low)
        size = {854, 480};
    else if (composition.quality == Quality::Ultra)
        size = {2560, 1440};
    if (composition.orientation == Orientation::Portrait)
        std::swap(size.width, size.height);
    return size;
}

Branch program(const PlanConfig &config, const std::string &only_codec) {
    Branch branch{program_branch(only_codec), Branch::Kind::Program, {}, {}, {}};
    branch.nodes = {selector("video"), selector("audio"), fanout(config, only_codec.empty() ? config.shards : 1)};
    if (!only_codec.empty())
        branch.nodes.back().properties["codecs"] = only_codec == "VP8" ? "vp8" : "h264";
    link(branch, "video", "src", "fanout", "video_0");
    link(branch, "audio", "src", "fanout", "audio");
    return branch;
}

Branch program_layer(const std::string &program, unsigned layer) {
    return {layer_branch(program, layer), Branch::Kind::Layer, {selector("video")}, {}, {}};
}

Branch feed(const std::string &participant, const PlanConfig &config) {
    return {feed_branch(participant), Branch::Kind::Feed, {fanout(config, 1)}, {}, {}};
}

Branch streamsrc(const std::string &participant, const PlanConfig &config) {
    return {host_branch(participant), Branch::Kind::Host, {{"src", "streamsrc", network(config)}}, {}, {}};
}

Branch track_tee(const std::string &participant, const Track &track) {
    return {track_branch(participant, track), Branch::Kind::Track, {tee("tee")}, {}, {}};
}

std::optional<Branch> decode(const std::string &participant, const Track &track) {
    const std::vector<Node> decoder = track.video ? video_decoder(track.encoding) : audio_decoder(track.encoding);
    if (decoder.empty())
        return std::nullopt;
    Branch branch{"decode:" + participant + ":" + track.pad, Branch::Kind::Decode, {}, {}, {}};
    branch.nodes = {guard("guard"), {"jitter", "rtpjitterbuffer", {{"latency", kJitterMs}, {"do-lost", "true"}}}};
    branch.nodes.insert(branch.nodes.end(), decoder.begin(), decoder.end());
    std::vector<std::string> names;
    for (const auto &node : branch.nodes)
        names.push_back(node.name);
    chain(branch, names);
    return branch;
}

Branch tile(const std::string &participant) {
    return {tile_branch(participant), Branch::Kind::Tile, {selector("picture")}, {}, {}};
}

Branch compose(const Composition &composition, const PlanConfig &config) {
    Branch branch{kComposeBranch, Branch::Kind::Compose, {}, {}, {}};
    branch.nodes = {
        compositor(composition, config),
        tee("pictures"),
        tee("sound"),
        leaky_queue("samples", "1000000000"),
        {"opus", "opusenc", {{"bitrate", "96000"}, {"frame-size", "20"}}},
        {"rtp_audio", "rtpopuspay", {{"pt", "111"}}},
        tee("sound_packets"),
    };
    link(branch, "compositor", "video", "pictures", "sink");
    link(branch, "compositor", "audio", "sound", "sink");
    link(branch, "sound", "src_%u", "samples", "sink");
    chain(branch, {"samples", "opus", "rtp_audio", "sound_packets"});
    return branch;
}

Branch encode(const std::string &codec, const Composition &composition) {
    Branch branch{encode_branch(codec), Branch::Kind::Encode, {}, {}, {}};
    branch.nodes = {leaky_queue("frames", "0", "3")}; // a slow encoder drops whole pictures, 100 ms at most wait
    if (codec == "VP8") {
        branch.nodes.insert(branch.nodes.end(),
                            {vp8_encoder(composition),
                             {"rtp_video", "rtpvp8pay", {{"picture-id-mode", "15-bit"}, {"mtu", "1200"}, {"pt", "97"}}},
                             tee("packets")});
        chain(branch, {"frames", "vp8", "rtp_video", "packets"});
        return branch;
    }
    branch.nodes.insert(branch.nodes.end(), {h264_encoder(video_kbps(composition.quality), kBufferMs),
                                             baseline(),
                                             {"parse", "h264parse", {}},
                                             tee("encoded"),
                                             h264_packets(),
                                             tee("packets")});
    chain(branch, {"frames", "x264", "baseline", "parse", "encoded"});
    link(branch, "encoded", "src_%u", "rtp_video", "sink");
    chain(branch, {"rtp_video", "packets"});
    return branch;
}

Branch encode_smaller(const Rendition &rendition, const Composition &composition) {
    const FrameSize whole = frame_size(composition);
    const unsigned shorter = std::min(whole.width, whole.height);
    const auto scaled = [&](unsigned side) { return std::to_string((side * rendition.height / shorter + 1) / 2 * 2); };
    Branch branch{rendition_branch(rendition), Branch::Kind::Encode, {}, {}, {}};
    branch.nodes = {leaky_queue("frames", "0", "3"),
                    {"scale", "videoscale", {{"add-borders", "false"}}},
                    {"size",
                     "capsfilter",
                     {{"caps", "video/x-raw,width=" + scaled(whole.width) + ",height=" + scaled(whole.height) +
                                   ",pixel-aspect-ratio=1/1"}}},
                    h264_encoder(std::to_string(rendition.kbps), kThinBufferMs),
                    baseline(),
                    {"parse", "h264parse", {}},
                    h264_packets(),
                    tee("packets")};
    chain(branch, {"frames", "scale", "size", "x264", "baseline", "parse", "rtp_video", "packets"});
    return branch;
}

Branch aac() {
    Branch branch{"aac", Branch::Kind::Aac, {}, {}, {}};
    branch.nodes = {leaky_queue("queue", "1000000000"),
                    {"convert", "audioconvert", {}},
                    {"encoder", "avenc_aac", {{"bitrate", "128000"}}},
                    {"parse", "aacparse", {}},
                    tee("tee")};
    chain(branch, {"queue", "convert", "encoder", "parse", "tee"});
    return branch;
}

Branch livestream(const PlanConfig &config) {
    Branch branch{kLivestreamBranch, Branch::Kind::Livestream, {}, {}, {}};
    branch.nodes = {leaky_queue("video_queue", kOutputQueueNs),
                    guard("video_guard"),
                    leaky_queue("audio_queue", kOutputQueueNs),
                    guard("audio_guard"),
                    {"egress", "rtmpegress", {{"allow-private", config.allow_private ? "true" : "false"}}}};
    chain(branch, {"video_queue", "video_guard"});
    chain(branch, {"audio_queue", "audio_guard"});
    link(branch, "video_guard", "src", "egress", "video");
    link(branch, "audio_guard", "src", "egress", "audio");
    return branch;
}

Branch recording(const Recording &wanted, const Composition &composition) {
    Branch branch{recording_branch(wanted.id), Branch::Kind::Recording, {}, {}, {}};
    branch.nodes = {
        leaky_queue("video_queue", kOutputQueueNs),
        guard("video_guard"),
        {"parse", "h264parse", {}},
        leaky_queue("audio_queue", kOutputQueueNs),
        guard("audio_guard"),
        // Half a second is what a crash may lose. The fragment mode is the default one: first-moov-then-finalise
        // of 1.22 leaves out the size of a sample that is as long as the first of its fragment, and such a file cannot
        // be read after a crash.
        {"mux", "mp4mux", {{"fragment-duration", "500"}}},
        {"file",
         "filesink",
         {{"location", wanted.path}, {"buffer-mode", "unbuffered"}, {"sync", "false"}, {"async", "false"}}},
    };
    chain(branch, {"video_queue", "video_guard", "parse"});
    chain(branch, {"audio_queue", "audio_guard"});
    link(branch, "parse", "src", "mux", "video_%u");
    link(branch, "audio_guard", "src", "mux", "audio_%u");
    chain(branch, {"mux", "file"});
    // A file holds one picture size: another one begins a new part.
    const FrameSize size = frame_size(composition);
    branch.revision = wanted.path + " " + std::to_string(size.width) + "x" + std::to_string(size.height);
    return branch;
}

} // namespace rostrum::session
