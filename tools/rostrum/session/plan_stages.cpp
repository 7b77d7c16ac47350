// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "plan_stages.h"

#include "layer_choice.h"
#include "plan_branches.h"
#include "plan_hls.h"
#include "plan_hosts.h"
#include "plan_nodes.h"
#include "plan_recordings.h"

#include <algorithm>
#include <utility>

namespace rostrum::session {

namespace {

/// Letters and digits of an id as they are, anything else as a number: unlike an id it holds no colon.
std::string plain(const std::string &id) {
    constexpr char kHex[] = "0123456789abcdef";
    std::string text;
    for (const char c : id) {
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-')
            text += c;
        else
            (text += '_') += {kHex[static_cast<unsigned char>(c) >> 4], kHex[c & 15]};
    }
    return text;
}

/// One picture on black, nothing written on it.
Composition of_one_participant(const Composition &room) {
    Composition composition;
    composition.quality = room.quality;
    composition.orientation = room.orientation;
    composition.theme = room.theme;
    composition.radius = 0;
    composition.speaker_border = 0;
    composition.branding = {{"background", "#000000"}, {"slate-mode", "never"}};
    return composition;
}

bool is_chosen(const std::set<MediaKind> &kinds, bool screen, bool video) {
    return kinds.empty() || kinds.count(video ? MediaKind::Video : MediaKind::Audio) ||
           (screen && kinds.count(video ? MediaKind::ScreenVideo : MediaKind::ScreenAudio));
}

bool shows(const Recording &recording, const Composition &composition, const Host &host, bool video) {
    if (recording.kind == RecordingKind::Participant)
        return host.participant == recording.participant;
    if (video && recording.audio_only)
        return false;
    if (recording.participants.empty())
        return true;
    return std::any_of(recording.participants.begin(), recording.participants.end(), [&](const auto &chosen) {
        return chosen.id == host.participant &&
               is_chosen(chosen.kinds, composition.screens.count(host.participant) > 0, video);
    });
}

/// A composition and what is made of it.
struct Outputs {
    Composition composition;
    std::vector<const Recording *> recordings;
    std::vector<const Livestream *> livestreams;
    std::vector<const Hls *> hls;

    /// Whether one of them does; all show the same people.
    bool shows(const Host &host, bool video) const {
        return !livestreams.empty() || !hls.empty() ||
               std::any_of(recordings.begin(), recordings.end(), [&](const Recording *recording) {
                   return session::shows(*recording, composition, host, video);
               });
    }
    bool labels() const { return recordings.empty() || recordings.front()->kind != RecordingKind::Participant; }
};

class StagePlanner {
  public:
    StagePlanner(const std::string &prefix, const Outputs &outputs, const State &state, const PlanConfig &config,
                 Graph &graph)
        : prefix_(prefix), outputs_(outputs), state_(state), config_(config), graph_(graph) {}

    void add() {
        for (const Recording *recording : outputs_.recordings)
            if (!recording->suspended)
                graph_.branches.push_back(composed_recording(*recording));
        for (const Hls *hls : outputs_.hls)
            graph_.branches.push_back(hls_output(*hls, outputs_.composition));
        const bool live = add_livestreams();
        for (const Recording *recording : outputs_.recordings)
            feed_recording(*recording);
        for (const Hls *hls : outputs_.hls)
            feed_hls(*hls);
        if (live) {
            feed(h264(), "pictures", prefix_ + kLivestreamBranch + "/video_queue");
            feed(aac_of_stage(), "sound", prefix_ + kLivestreamBranch + "/audio_queue");
        }
        add_compose();
        add_hosts({prefix_, outputs_.composition,
                   [this](const Host &host, bool video) { return outputs_.shows(host, video); }, best_flowing_video,
                   outputs_.labels()},
                  state_, graph_);
    }

  private:
    bool add_livestreams() {
        const size_t before = graph_.destinations.size();
        for (const Livestream *livestream : outputs_.livestreams)
            add_destinations(*livestream, prefix_, graph_);
        if (graph_.destinations.size() == before)
            return false;
        graph_.branches.push_back(livestream(prefix_, config_));
        return true;
    }

    void feed_recording(const Recording &recording) {
        const bool mp4 = recording.format == FileFormat::Mp4;
        const std::string branch = recording.suspended ? "" : recording_branch(recording.id);
        if (!recording.audio_only)
            feed(mp4 ? h264() : vp8(), "pictures", branch.empty() ? "" : branch + "/video_queue");
        feed(mp4 ? aac_of_stage() : opus(), "sound", branch.empty() ? "" : branch + "/audio_queue");
    }

    void feed_hls(const Hls &hls) {
        const std::string branch = hls_branch(hls.id);
        if (!hls.audio_only) {
            feed(h264(), "pictures", branch + "/main_queue");
            for (const auto &rendition : kRenditions)
                feed(smaller(rendition), "pictures", branch + "/" + std::to_string(rendition.height) + "p_queue");
        }
        feed(aac_of_stage(), "sound", branch + "/audio_queue");
    }

    /// Outputs that want the same share it. Without `to` it is only kept.
    void feed(Branch encoder, const char *from, const std::string &to) {
        const std::string out = encoder.full("tee");
        if (!graph_.find(encoder.id)) {
            graph_.links.push_back({{prefix_ + "compose/" + from, "src_%u"}, {encoder.full("queue"), "sink"}, {}});
            graph_.branches.push_back(std::move(encoder));
        }
        if (!to.empty())
            graph_.links.push_back({{out, "src_%u"}, {to, "sink"}, {}});
    }

    Branch encoder(const std::string &name, Branch::Kind kind, Node queue, std::vector<Node> nodes) {
        Branch branch{prefix_ + name, kind, {std::move(queue)}, {}, {}};
        std::vector<std::string> names{"queue"};
        nodes.push_back(tee("tee"));
        for (auto &node : nodes) {
            names.push_back(node.name);
            branch.nodes.push_back(std::move(node));
        }
        chain(branch, names);
        return branch;
    }

    Branch h264() {
        return encoder(encode_branch("H264"), Branch::Kind::Encode, leaky_queue("queue", "0", "3"),
                       {h264_encoder(std::to_string(video_kbps(outputs_.composition.quality)), kBufferMs),
                        baseline(),
                        {"parse", "h264parse", {}}});
    }
    Branch smaller(const Rendition &rendition) {
        return encoder(rendition_branch(rendition), Branch::Kind::Encode, leaky_queue("queue", "0", "3"),
                       smaller_h264(rendition, outputs_.composition));
    }
    Branch vp8() {
        return encoder(encode_branch("VP8"), Branch::Kind::Encode, leaky_queue("queue", "0", "3"),
                       {vp8_encoder(outputs_.composition)});
    }
    Branch aac_of_stage() {
        return encoder("aac", Branch::Kind::Aac, leaky_queue("queue", "1000000000"),
                       {{"convert", "audioconvert", {}}, aac_encoder(), {"parse", "aacparse", {}}});
    }
    Branch opus() { return encoder("opus", Branch::Kind::Aac, leaky_queue("queue", "1000000000"), {opus_encoder()}); }

    void add_compose() {
        Branch branch{prefix_ + kComposeBranch, Branch::Kind::Compose, {}, {}, {}};
        branch.nodes = {compositor(outputs_.composition, config_), tee("pictures"), tee("sound")};
        link(branch, "compositor", "video", "pictures", "sink");
        link(branch, "compositor", "audio", "sound", "sink");
        graph_.branches.push_back(std::move(branch));
    }

    const std::string &prefix_; // of the names of its branches
    const Outputs &outputs_;
    const State &state_;
    const PlanConfig &config_;
    Graph &graph_;
};

using Stages = std::map<std::string, Outputs>; // by prefix

Outputs &own_stage(const State &state, const std::string &own_composition, Stages &stages) {
    Outputs &stage = stages["own-" + plain(own_composition) + ":"];
    stage.composition = state.wanted.composition_of(own_composition);
    return stage;
}

/// Recordings of one participant share their composition; a composite has its own.
void add_recording(const State &state, const Recording &recording, Stages &stages) {
    if (recording.kind == RecordingKind::Track || is_of_room(recording))
        return;
    Outputs *stage = nullptr;
    if (recording.kind == RecordingKind::Room) {
        stage = &own_stage(state, recording.own_composition, stages);
    } else if (recording.kind == RecordingKind::Participant) {
        stage = &stages["participant-" + plain(recording.participant) + ":"];
        stage->composition = of_one_participant(state.wanted.composition);
    } else {
        stage = &stages["composite-" + plain(recording.id) + ":"];
        stage->composition = recording.composition.value_or(state.wanted.composition);
    }
    stage->recordings.push_back(&recording);
}

} // namespace

void add_stages(const State &state, const PlanConfig &config, Graph &graph) {
    Stages stages;
    for (const auto &recording : state.wanted.recordings)
        add_recording(state, recording, stages);
    for (const auto &livestream : state.wanted.livestreams)
        if (!livestream.own_composition.empty() && !livestream.outputs.empty())
            own_stage(state, livestream.own_composition, stages).livestreams.push_back(&livestream);
    for (const auto &hls : state.wanted.hls)
        if (!hls.own_composition.empty())
            own_stage(state, hls.own_composition, stages).hls.push_back(&hls);
    for (const auto &[prefix, outputs] : stages)
        StagePlanner(prefix, outputs, state, config, graph).add();
}

} // namespace rostrum::session
