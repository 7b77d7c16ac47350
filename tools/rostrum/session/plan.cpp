// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "plan.h"

#include "layer_choice.h"
#include "plan_branches.h"
#include "plan_hls.h"
#include "plan_hosts.h"
#include "plan_recordings.h"
#include "plan_stages.h"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <set>

namespace rostrum::session {

namespace {

bool wants_outputs(const State &state) {
    return media_of_room(state.wanted.recordings).composed || wants_hls(state) ||
           std::any_of(state.wanted.livestreams.begin(), state.wanted.livestreams.end(),
                       [](const Livestream &livestream) {
                           return livestream.own_composition.empty() && !livestream.outputs.empty();
                       });
}

bool every_viewer_decodes(const Track &track) {
    return track.encoding.empty() || track.encoding == "H264" || track.encoding == "VP8";
}

/// The number of a simulcast layer, which is that of its pad: pads come in any order.
unsigned layer_of(const Track &track) {
    return static_cast<unsigned>(std::strtoul(track.pad.c_str() + track.pad.rfind('_') + 1, nullptr, 10));
}

/// What the audience sees, as one fan-out sends it.
struct Program {
    enum class Source { Nothing, Host, Composed };

    std::string only_codec; // of its viewers; "" = it is for everybody
    Source source;

    std::string branch() const { return program_branch(only_codec); }
    bool composed() const { return source == Source::Composed; }
    /// Of its composed picture.
    std::string encode() const { return encode_branch(only_codec); }
};

Program::Source source_of(const State &state, const std::string &only_codec) {
    switch (program_mode(state)) {
    case ProgramMode::Empty:
        return Program::Source::Nothing;
    case ProgramMode::Slate:
    case ProgramMode::Composed:
        return Program::Source::Composed;
    case ProgramMode::Passthrough:
        break;
    }
    const Track *video = best_video(*shown_hosts(state).front());
    const bool fits = only_codec.empty() || !video || video->encoding.empty() || video->encoding == only_codec;
    return fits ? Program::Source::Host : Program::Source::Composed;
}

class Planner {
  public:
    Planner(const State &state, const PlanConfig &config) : state_(state), config_(config) {
        programs_.push_back({"", source_of(state, "")});
        for (const auto &codec : state.only_codecs)
            programs_.push_back({codec, source_of(state, codec)});
    }

    Graph build() {
        find_layers();
        for (const auto &each : programs_) {
            graph_.branches.push_back(program(config_, each.only_codec));
            add_layers(each);
        }
        for (const auto &host : state_.hosts)
            graph_.branches.push_back(feed(host.participant, config_));
        if (std::any_of(programs_.begin(), programs_.end(), std::mem_fn(&Program::composed)))
            add_composed();
        add_track_recordings(state_, graph_);
        add_stages(state_, config_, graph_);
        for (const auto &host : state_.hosts)
            add_host(host);
        for (const auto &each : programs_)
            if (each.source == Program::Source::Host)
                add_passthrough(each, *shown_hosts(state_).front());
        return std::move(graph_);
    }

  private:
    void link(PadRef from, PadRef to, Properties pad_properties = {}) {
        graph_.links.push_back({std::move(from), std::move(to), std::move(pad_properties)});
    }

    void show(const std::string &selector, const PadRef &from, const char *follows = "") {
        link(from, {selector, "sink_%u"});
        graph_.selections.push_back({selector, from, follows});
    }

    void show_sound(const Program &program, const PadRef &from) {
        show(program.branch() + "/audio", from, (program.branch() + "/video").c_str());
    }

    /// The layers of a program's picture are those of the hosts it is made of; without one there is layer 0. Each has
    /// a selector and a pad of the fan-out of its own, so that another source takes over layer by layer and no viewer
    /// has to change its layer for that. The pad of a layer that no source has any more goes.
    void find_layers() {
        for (const Host *host : shown_hosts(state_))
            for (const auto &track : host->tracks)
                if (track.video)
                    layers_.insert(layer_of(track));
        layers_.insert(0);
    }

    void add_layers(const Program &program) {
        for (const unsigned layer : layers_)
            if (layer > 0) {
                graph_.branches.push_back(program_layer(program.branch(), layer));
                link({layer_branch(program.branch(), layer) + "/video", "src"},
                     {program.branch() + "/fanout", "video_" + std::to_string(layer)});
            }
    }

    void add_host(const Host &host) {
        for (const auto &track : host.tracks) {
            Branch tee = track_tee(host.participant, track);
            const PadRef out{tee.full("tee"), "src_%u"};
            link({host_branch(host.participant) + "/src", track.pad}, {tee.full("tee"), "sink"});
            if (track.video)
                link(out, {feed_branch(host.participant) + "/fanout", "video_" + std::to_string(layer_of(track))});
            else if (&track == first_audio(host))
                link(out, {feed_branch(host.participant) + "/fanout", "audio"});
            graph_.branches.push_back(std::move(tee));
        }
        graph_.branches.push_back(streamsrc(host.participant, config_));
    }

    void add_passthrough(const Program &program, const Host &host) {
        for (const auto &track : host.tracks)
            if (track.video)
                show(layer_branch(program.branch(), layer_of(track)) + "/video", tee_of(host, track));
        if (const Track *audio = first_audio(host))
            show_sound(program, tee_of(host, *audio));
    }

    void add_composed() {
        add_room_recordings(state_, graph_);
        const RoomMedia recorded = media_of_room(state_.wanted.recordings);
        const bool live = add_livestreams();
        add_hls(state_, graph_);
        const bool aac_wanted = live || recorded.aac || wants_hls(state_);
        if (aac_wanted)
            graph_.branches.push_back(aac());
        add_encodes();
        if (recorded.vp8)
            add_encode("VP8");
        if ((state_.renditions || wants_hls_pictures(state_)) && graph_.find(encode_branch("H264")))
            add_renditions();
        graph_.branches.push_back(compose(state_.wanted.composition, config_));
        for (const auto &each : programs_)
            if (each.composed())
                show_composed(each);
        link_room_recordings(state_, graph_);
        if (live)
            feed_output(kLivestreamBranch);
        link_hls(state_, graph_);
        if (aac_wanted)
            link({"compose/sound", "src_%u"}, {"aac/queue", "sink"});
        add_hosts({"", state_.wanted.composition, [](const Host &, bool) { return true; }, decoded_video}, state_,
                  graph_);
    }

    /// One for each codec, however many programs show it.
    void add_encodes() {
        for (const auto &each : programs_)
            if (each.composed())
                add_encode(each.only_codec);
    }

    void add_encode(const std::string &codec) {
        const std::string branch = encode_branch(codec);
        if (graph_.find(branch))
            return;
        graph_.branches.push_back(encode(codec, state_.wanted.composition));
        link({"compose/pictures", "src_%u"}, {branch + "/frames", "sink"});
    }

    void add_renditions() {
        for (const auto &rendition : kRenditions) {
            const std::string branch = rendition_branch(rendition);
            for (const auto &each : programs_)
                if (each.composed() && each.encode() == encode_branch("H264"))
                    link({branch + "/packets", "src_%u"},
                         {each.branch() + "/fanout", "video_" + std::to_string(rendition.layer)});
            graph_.branches.push_back(encode_smaller(rendition, state_.wanted.composition));
            link({"compose/pictures", "src_%u"}, {branch + "/frames", "sink"});
        }
    }

    void show_composed(const Program &program) {
        for (const unsigned layer : layers_)
            show(layer_branch(program.branch(), layer) + "/video", {program.encode() + "/packets", "src_%u"});
        show_sound(program, {"compose/sound_packets", "src_%u"});
    }

    void feed_output(const std::string &branch) {
        link({encode_branch("H264") + "/encoded", "src_%u"}, {branch + "/video_queue", "sink"});
        link({"aac/tee", "src_%u"}, {branch + "/audio_queue", "sink"});
    }

    bool add_livestreams() {
        for (const auto &wanted : state_.wanted.livestreams)
            if (wanted.own_composition.empty())
                add_destinations(wanted, "", graph_);
        if (graph_.destinations.empty())
            return false;
        graph_.branches.push_back(livestream("", config_));
        return true;
    }

    const State &state_;
    const PlanConfig &config_;
    Graph graph_;
    std::vector<Program> programs_; // the one for everybody first
    std::set<unsigned> layers_;     // of a program's picture
};

} // namespace

const char *to_string(ProgramMode mode) {
    switch (mode) {
    case ProgramMode::Empty:
        return "empty";
    case ProgramMode::Slate:
        return "slate";
    case ProgramMode::Passthrough:
        return "passthrough";
    case ProgramMode::Composed:
        break;
    }
    return "composed";
}

bool has_hosts(const State &state) {
    return !shown_hosts(state).empty();
}

ProgramMode program_mode(const State &state) {
    const std::vector<const Host *> hosts = shown_hosts(state);
    if (wants_outputs(state) || hosts.size() > 1)
        return ProgramMode::Composed;
    if (hosts.empty())
        return state.slate ? ProgramMode::Slate : ProgramMode::Empty;
    const Track *video = best_video(*hosts.front());
    if (video && state.wanted.mutes_track(hosts.front()->participant, true))
        return ProgramMode::Composed;
    return !video || every_viewer_decodes(*video) ? ProgramMode::Passthrough : ProgramMode::Composed;
}

Graph plan(const State &state, const PlanConfig &config) {
    return Planner(state, config).build();
}

} // namespace rostrum::session
