// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "plan_branches.h"

#include "plan_nodes.h"

#include <algorithm>
#include <utility>

namespace rostrum::session {

namespace {

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

std::optional<Branch> decode(const std::string &stage, const std::string &participant, const Track &track) {
    const std::vector<Node> decoder = track.video ? video_decoder(track.encoding) : audio_decoder(track.encoding);
    if (decoder.empty())
        return std::nullopt;
    Branch branch{stage + "decode:" + participant + ":" + track.pad, Branch::Kind::Decode, {}, {}, {}};
    branch.nodes = {guard("guard"), {"jitter", "rtpjitterbuffer", {{"latency", kJitterMs}, {"do-lost", "true"}}}};
    branch.nodes.insert(branch.nodes.end(), decoder.begin(), decoder.end());
    std::vector<std::string> names;
    for (const auto &node : branch.nodes)
        names.push_back(node.name);
    chain(branch, names);
    return branch;
}

Branch tile(const std::string &stage, const std::string &participant) {
    return {stage + tile_branch(participant), Branch::Kind::Tile, {selector("picture")}, {}, {}};
}

Branch compose(const Composition &composition, const PlanConfig &config) {
    Branch branch{kComposeBranch, Branch::Kind::Compose, {}, {}, {}};
    branch.nodes = {
        compositor(composition, config),
        tee("pictures"),
        tee("sound"),
        leaky_queue("samples", "1000000000"),
        opus_encoder(),
        tee("sound_encoded"),
        {"rtp_audio", "rtpopuspay", {{"pt", "111"}}},
        tee("sound_packets"),
    };
    link(branch, "compositor", "video", "pictures", "sink");
    link(branch, "compositor", "audio", "sound", "sink");
    link(branch, "sound", "src_%u", "samples", "sink");
    chain(branch, {"samples", "opus", "sound_encoded"});
    link(branch, "sound_encoded", "src_%u", "rtp_audio", "sink");
    chain(branch, {"rtp_audio", "sound_packets"});
    return branch;
}

Branch encode(const std::string &codec, const Composition &composition) {
    Branch branch{encode_branch(codec), Branch::Kind::Encode, {}, {}, {}};
    branch.nodes = {leaky_queue("frames", "0", "3")}; // a slow encoder drops whole pictures, 100 ms at most wait
    if (codec == "VP8") {
        branch.nodes.insert(branch.nodes.end(),
                            {vp8_encoder(composition),
                             tee("encoded"),
                             {"rtp_video", "rtpvp8pay", {{"picture-id-mode", "15-bit"}, {"mtu", "1200"}, {"pt", "97"}}},
                             tee("packets")});
        chain(branch, {"frames", "vp8", "encoded"});
        link(branch, "encoded", "src_%u", "rtp_video", "sink");
        chain(branch, {"rtp_video", "packets"});
        return branch;
    }
    branch.nodes.insert(branch.nodes.end(), {h264_encoder(std::to_string(video_kbps(composition.quality)), kBufferMs),
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

std::vector<Node> smaller_h264(const Rendition &rendition, const Composition &composition) {
    const FrameSize whole = frame_size(composition);
    const unsigned shorter = std::min(whole.width, whole.height);
    const auto scaled = [&](unsigned side) { return std::to_string((side * rendition.height / shorter + 1) / 2 * 2); };
    return {{"scale", "videoscale", {{"add-borders", "false"}}},
            {"size",
             "capsfilter",
             {{"caps", "video/x-raw,width=" + scaled(whole.width) + ",height=" + scaled(whole.height) +
                           ",pixel-aspect-ratio=1/1"}}},
            h264_encoder(std::to_string(rendition.kbps), kThinBufferMs),
            baseline(),
            {"parse", "h264parse", {}}};
}

Branch encode_smaller(const Rendition &rendition, const Composition &composition) {
    Branch branch{rendition_branch(rendition), Branch::Kind::Encode, {leaky_queue("frames", "0", "3")}, {}, {}};
    for (auto &node : smaller_h264(rendition, composition))
        branch.nodes.push_back(std::move(node));
    branch.nodes.insert(branch.nodes.end(), {tee("encoded"), h264_packets(), tee("packets")});
    chain(branch, {"frames", "scale", "size", "x264", "baseline", "parse", "encoded"});
    link(branch, "encoded", "src_%u", "rtp_video", "sink");
    chain(branch, {"rtp_video", "packets"});
    return branch;
}

Branch aac() {
    Branch branch{"aac", Branch::Kind::Aac, {}, {}, {}};
    branch.nodes = {leaky_queue("queue", "1000000000"),
                    {"convert", "audioconvert", {}},
                    aac_encoder(),
                    {"parse", "aacparse", {}},
                    tee("tee")};
    chain(branch, {"queue", "convert", "encoder", "parse", "tee"});
    return branch;
}

Branch livestream(const std::string &stage, const PlanConfig &config) {
    Branch branch{stage + kLivestreamBranch, Branch::Kind::Livestream, {}, {}, {}};
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

void add_destinations(const Livestream &livestream, const std::string &stage, Graph &graph) {
    for (const auto &output : livestream.outputs)
        graph.destinations.push_back(
            {stage + kLivestreamBranch + "/egress", livestream.id, output.id, output.url, output.stream_key});
}

} // namespace rostrum::session
