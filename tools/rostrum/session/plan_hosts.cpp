// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "plan_hosts.h"

#include "plan_branches.h"

#include <utility>

namespace rostrum::session {

namespace {

std::string label_of(const State &state, const Host &host) {
    if (!host.name.empty())
        return host.name;
    const auto name = state.wanted.names.find(host.participant);
    return name == state.wanted.names.end() ? host.participant : name->second;
}

class Places {
  public:
    Places(const Stage &stage, const State &state, Graph &graph) : stage_(stage), state_(state), graph_(graph) {}

    void add(const Host &host) {
        if (best_video(host) && stage_.shows(host, true))
            add_tile(host);
        const Track *audio = first_audio(host);
        if (audio && stage_.shows(host, false))
            add_decoder(host, *audio, {compositor(), "audio_" + std::to_string(host.slot)});
    }

  private:
    std::string compositor() const { return stage_.compose() + "/compositor"; }

    void add_marks(const Host &host, bool video, Properties &properties) const {
        const auto marks = state_.wanted.marks.find(host.participant);
        if (marks == state_.wanted.marks.end())
            return;
        if (marks->second.hand && stage_.labels)
            properties["hand-raised"] = "true";
        if (video ? marks->second.camera_off : marks->second.mic_off)
            properties["muted"] = "true";
    }

    /// Without a picture track the host's sound has a placeholder.
    Properties pad_properties(const Host &host, bool video) const {
        Properties properties{{"label", stage_.labels ? label_of(state_, host) : ""}};
        if (!video)
            properties["placeholder"] = "true";
        if (stage_.composition.pinned.count(host.participant))
            properties["pinned"] = "true";
        add_marks(host, video, properties);
        if (video && stage_.composition.screens.count(host.participant))
            properties["screen"] = "true";
        return properties;
    }

    void add_tile(const Host &host) {
        Branch place = tile(stage_.prefix, host.participant);
        const std::string selector = place.full("picture");
        graph_.branches.push_back(std::move(place));
        graph_.links.push_back(
            {{selector, "src"}, {compositor(), "video_" + std::to_string(host.slot)}, pad_properties(host, true)});
        const Track *video = stage_.picture(host);
        if (!video)
            return;
        if (const auto decoder = add_decoder(host, *video, {selector, "sink_%u"}))
            graph_.selections.push_back({selector, *decoder, ""});
    }

    /// Nothing while the codec is not known or cannot be decoded.
    std::optional<PadRef> add_decoder(const Host &host, const Track &track, PadRef to) {
        std::optional<Branch> branch = decode(stage_.prefix, host.participant, track);
        if (!branch)
            return std::nullopt;
        const PadRef out{branch->full("decoder"), "src"};
        graph_.links.push_back({tee_of(host, track), {branch->full("guard"), "sink"}, {}});
        graph_.links.push_back({out, std::move(to), track.video ? Properties{} : pad_properties(host, false)});
        graph_.branches.push_back(std::move(*branch));
        return out;
    }

    const Stage &stage_;
    const State &state_;
    Graph &graph_;
};

} // namespace

const Track *best_video(const Host &host) {
    const Track *best = nullptr;
    for (const auto &track : host.tracks)
        if (track.video)
            best = &track;
    return best;
}

const Track *first_audio(const Host &host) {
    for (const auto &track : host.tracks)
        if (!track.video)
            return &track;
    return nullptr;
}

std::vector<const Host *> shown_hosts(const State &state) {
    std::vector<const Host *> hosts;
    for (const auto &host : state.hosts)
        if (host.connected)
            hosts.push_back(&host);
    for (const auto &host : state.hosts)
        if (hosts.empty() && !host.tracks.empty())
            hosts.push_back(&host);
    return hosts;
}

PadRef tee_of(const Host &host, const Track &track) {
    return {track_branch(host.participant, track) + "/tee", "src_%u"};
}

void add_hosts(const Stage &stage, const State &state, Graph &graph) {
    Places places(stage, state, graph);
    for (const Host *host : shown_hosts(state))
        places.add(*host);
}

} // namespace rostrum::session
