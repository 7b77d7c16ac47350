// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/commands.h"
#include "tools/rostrum/rest_client.h"

#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <plan.h>

namespace rostrum {
namespace {

const std::vector<ConfigKey> &graph_flags() {
    static const std::vector<ConfigKey> flags = {
        {"url", KeyKind::HttpUrl, "", false, "the server; default: where `listen` says"},
        {"session", KeyKind::Text, "", false, "the session's id"},
        {"format", KeyKind::Text, "text", false, "text, dot or running"},
        {"token", KeyKind::Text, "", true, "an access token; default: minted with the key in --state"},
        {"plan", KeyKind::Path, "", false, "a described session"},
    };
    return flags;
}

int fail(const std::string &text) {
    std::fprintf(stderr, "rostrum graph: %s\n", text.c_str());
    return 1;
}

/// The document of SetState with one more member: "hosts": [{"participant", "name", "tracks": [{"video",
/// "encoding"}]}]. Without tracks a host has H.264 and Opus.
session::Host read_host(const Json &json) {
    session::Host host{json.text("participant"), json.text("name"), {}, true};
    unsigned videos = 0, audios = 0;
    for (const auto &track : json.get("tracks").items()) {
        const bool video = track.get("video").as_bool(true);
        const std::string pad = (video ? "video_" : "audio_") + std::to_string(video ? videos++ : audios++);
        host.tracks.push_back({pad, video, track.text("encoding", video ? "H264" : "OPUS"), track.text("rid")});
    }
    if (host.tracks.empty())
        host.tracks = {{"video_0", true, "H264", ""}, {"audio_0", false, "OPUS", ""}};
    return host;
}

int print_plan(const std::string &path, const std::string &format) {
    std::ifstream file(path);
    std::istream &input = path == "-" ? std::cin : file;
    if (!input)
        return fail(path + " cannot be read");
    const std::string text{std::istreambuf_iterator<char>(input), std::istreambuf_iterator<char>()};
    std::string error;
    const auto json = parse_json(text, &error);
    if (!json)
        return fail(path + ": " + error);
    const auto wanted = session::parse_wanted(text, error);
    if (!wanted)
        return fail(path + ": " + error);
    session::State state{*wanted, {}};
    for (const auto &host : json->get("hosts").items())
        state.hosts.push_back(read_host(host));
    const session::Graph graph = session::plan(state, {});
    std::fputs((format == "dot" ? session::to_dot(graph) : session::to_text(graph)).c_str(), stdout);
    return 0;
}

int print_running(Config &config) {
    const RestAnswer answer =
        call_server(config, "GET", "/v2/sessions/" + config.text("session") + "/graph?format=" + config.text("format"));
    if (!answer.error.empty())
        return fail(answer.error);
    std::fputs(answer.body.c_str(), stdout);
    return 0;
}

} // namespace

int run_graph(const Arguments &arguments) {
    ConfigResult result = read_config(arguments, graph_flags());
    for (const auto &word : result.arguments)
        result.errors.push_back("'" + word + "' is not an option; `rostrum help graph` lists them");
    if (result.errors.empty() && !result.config.has("plan") && !result.config.has("session"))
        result.errors.push_back("which graph? name a running one by --session ID, or a described one by --plan FILE");
    if (!result.errors.empty())
        return report_config_errors(result.errors);
    Config &config = result.config;
    return config.has("plan") ? print_plan(config.text("plan"), config.text("format")) : print_running(config);
}

} // namespace rostrum
