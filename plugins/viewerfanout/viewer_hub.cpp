// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "viewerfanout/viewer_hub.h"

#include "common/bind_address.h"
#include "common/sdp_fragment.h"
#include "common/text.h"
#include "net/clock.h"

#include <algorithm>
#include <random>

namespace rostrum {

using peerwire::MutexLock;

namespace {

peerwire::ExtensionSetup extension_setup(const AnswerMedia &section) {
    peerwire::ExtensionSetup setup;
    setup.mid = section.mid;
    for (const SdpExtension &extension : section.extensions) {
        if (extension.uri == extension_uri::kMid)
            setup.mid_id = extension.id;
        else if (extension.uri == extension_uri::kAbsSendTime)
            setup.abs_send_time_id = extension.id;
        else if (extension.uri == extension_uri::kAbsCaptureTime)
            setup.abs_capture_time_id = extension.id;
        else if (extension.uri == extension_uri::kTransportCc)
            setup.transport_cc_id = extension.id;
    }
    return setup;
}

peerwire::TrackSetup track_setup(const AnswerMedia &section) {
    std::random_device random;
    peerwire::TrackSetup setup;
    setup.ssrc = section.ssrc;
    setup.rtx_ssrc = section.rtx_ssrc;
    for (const SdpCodec &codec : section.codecs) {
        if (codec.is("red")) {
            setup.red = codec.payload_type;
            continue;
        }
        auto &types = setup[peerwire::codec_from_name(codec.name)];
        types.media = codec.payload_type;
        types.rtx = codec.rtx.value_or(peerwire::TrackSetup::kNoPayloadType);
        types.nack = codec.has_feedback("nack");
    }
    setup.extensions = extension_setup(section);
    // Far from its wrap, so that the first loss does not meet a roll-over (RFC 3711 §3.3.1).
    setup.first_sequence = static_cast<uint16_t>(random() & 0x7fff);
    setup.first_timestamp = static_cast<uint32_t>(random());
    return setup;
}

} // namespace

ViewerHub::ViewerHub(HubConfig config, std::shared_ptr<peerwire::Feed> feed, std::shared_ptr<HubListener> listener)
    : addresses_(std::move(config.addresses)), feed_(std::move(feed)), listener_(std::move(listener)),
      start_bps_(config.start_bps), max_viewers_(config.max_viewers), video_codecs_(std::move(config.video_codecs)) {}

Result<std::shared_ptr<ViewerHub>> ViewerHub::start(HubConfig config, std::shared_ptr<peerwire::Feed> feed,
                                                    std::shared_ptr<HubListener> listener) {
    peerwire::ServerConfig server_config;
    server_config.shards = config.shards;
    server_config.port_min = config.port_min;
    server_config.port_max = config.port_max;
    server_config.bind_address = bind_address(config.addresses);
    server_config.ice_tcp = config.ice_tcp;
    server_config.max_peers = SIZE_MAX; // max_viewers is ours, and may change
    server_config.max_load = config.max_load;
    auto server = peerwire::Server::create(server_config);
    if (!server.ok())
        return server.error();
    std::shared_ptr<ViewerHub> hub(new ViewerHub(std::move(config), std::move(feed), std::move(listener)));
    hub->server_ = std::move(server).value();
    return hub;
}

ViewerHub::~ViewerHub() {
    server_.reset(); // its callbacks still use the other members
}

Result<ViewerHub::Place> ViewerHub::take_place(const std::string &id, const SdpOffer &offer, const Answer &answer,
                                               const ViewerOptions &options) {
    MutexLock lock(mutex_);
    if (viewers_.count(id))
        return Error{409, "there is already a viewer '" + id + "'"};
    if (viewers_.size() >= max_viewers_)
        return Error{503, "all " + std::to_string(max_viewers_) + " places are taken"};
    Entry &entry = viewers_[id];
    entry.number = ++last_number_;
    entry.added = peerwire::monotonic_now();
    entry.counters = std::make_shared<peerwire::ViewerCounters>();
    entry.wishes = std::make_shared<peerwire::ViewerWishes>();
    entry.wishes->set(options.limits);
    entry.remote_ufrag = offer.ice_ufrag;
    const auto first = std::find_if(answer.media.begin(), answer.media.end(), [](const auto &m) { return m.accepted; });
    entry.mid = first->mid;
    return Place{entry.number, entry.counters, entry.wishes};
}

/// False when remove_viewer() came before the peer was there.
bool ViewerHub::seat(const std::string &id, uint64_t number, const peerwire::PeerLocal &local) {
    MutexLock lock(mutex_);
    const auto found = viewers_.find(id);
    if (found == viewers_.end() || found->second.number != number)
        return true; // gone already
    found->second.peer = local.id;
    found->second.local_ufrag = local.ufrag;
    return found->second.removal_reason.empty();
}

ViewerPreferences ViewerHub::preferences(const ViewerOptions &options) const {
    ViewerPreferences preferences;
    preferences.transport_cc = options.transport_cc;
    MutexLock lock(mutex_);
    preferences.video_codecs = video_codecs_;
    return preferences;
}

void ViewerHub::forget(const std::string &id, uint64_t number) {
    MutexLock lock(mutex_);
    const auto found = viewers_.find(id);
    if (found != viewers_.end() && found->second.number == number)
        viewers_.erase(found);
}

peerwire::ViewerSetup ViewerHub::setup_viewer(const std::string &id, const Place &place, const Answer &answer) {
    peerwire::ViewerSetup setup;
    if (const AnswerMedia *video = answer.find(MediaKind::Video)) {
        setup.video = track_setup(*video);
        setup.cname = video->cname;
    }
    if (const AnswerMedia *audio = answer.find(MediaKind::Audio)) {
        setup.audio = track_setup(*audio);
        setup.cname = audio->cname;
    }
    setup.wishes = place.wishes;
    setup.start_bps = start_bps_.load(std::memory_order_relaxed);
    // The hub outlives its peers: stop() joins the shards.
    setup.on_connected = [this, id, number = place.number] { on_connected(id, number); };
    setup.on_quality = [this, id](const peerwire::LayerChooser::Choice &choice, uint64_t estimate_bps) {
        listener_->viewer_quality(id, {choice.layer, choice.reason, estimate_bps});
    };
    setup.on_closed = [this, id, number = place.number](peerwire::CloseReason reason) {
        on_closed(id, number, reason);
    };
    return setup;
}

LocalTransport ViewerHub::local_transport(const peerwire::PeerLocal &local) const {
    return {local.ufrag, local.pwd, local.fingerprint, local.port, addresses_, local.tcp_port};
}

Result<std::string> ViewerHub::add_viewer(const std::string &id, const std::string &text,
                                          const ViewerOptions &options) {
    const auto offer = parse_offer(text);
    if (!offer.ok())
        return offer.error();
    const auto answer = negotiate_viewer(offer.value(), preferences(options));
    if (!answer.ok())
        return answer.error();
    const auto place = take_place(id, offer.value(), answer.value(), options);
    if (!place.ok())
        return place.error();

    peerwire::PeerSetup peer;
    peer.remote_ufrag = offer.value().ice_ufrag;
    peer.remote_pwd = offer.value().ice_pwd;
    peer.remote_fingerprint = offer.value().fingerprint;
    peer.dtls_client = answer.value().dtls_client;
    peer.endpoint = std::make_unique<peerwire::Viewer>(feed_, setup_viewer(id, place.value(), answer.value()),
                                                       place.value().counters);
    const auto local = server_->add_peer(std::move(peer));
    if (!local.ok()) {
        forget(id, place.value().number);
        return local.error();
    }
    if (!seat(id, place.value().number, local.value()))
        server_->remove_peer(local.value().id, peerwire::CloseReason::Removed);
    return write_answer(offer.value(), answer.value(), local_transport(local.value()));
}

Result<std::string> ViewerHub::common_codecs(const std::string &text) const {
    const auto offer = parse_offer(text);
    if (!offer.ok())
        return offer.error();
    const auto answer = negotiate_viewer(offer.value(), preferences({}));
    if (!answer.ok())
        return answer.error();
    std::string list;
    if (const AnswerMedia *video = answer.value().find(MediaKind::Video)) {
        for (const SdpCodec &codec : video->codecs)
            list += (list.empty() ? "" : ",") + to_lower(codec.name);
    }
    return list;
}

Result<std::string> ViewerHub::patch_viewer(const std::string &id, const std::string &text) {
    const auto fragment = parse_fragment(text);
    if (!fragment.ok())
        return fragment.error();
    const SdpFragment &f = fragment.value();
    uint64_t peer = 0;
    std::string mid;
    {
        MutexLock lock(mutex_);
        const auto found = viewers_.find(id);
        if (found == viewers_.end())
            return Error{404, "there is no viewer '" + id + "'"};
        if (f.ice_ufrag.empty() || f.ice_ufrag == found->second.remote_ufrag)
            return std::string(); // candidates of the running ICE session
        peer = found->second.peer;
        mid = found->second.mid;
    }
    const auto local = server_->restart_ice(peer, f.ice_ufrag, f.ice_pwd);
    if (!local.ok())
        return local.error();
    {
        MutexLock lock(mutex_);
        if (const auto found = viewers_.find(id); found != viewers_.end() && found->second.peer == peer) {
            found->second.remote_ufrag = f.ice_ufrag;
            found->second.local_ufrag = local.value().ufrag;
        }
    }
    return write_fragment(local_transport(local.value()), mid);
}

std::string ViewerHub::ice_session(const std::string &id) const {
    MutexLock lock(mutex_);
    const auto found = viewers_.find(id);
    return found == viewers_.end() ? std::string() : found->second.local_ufrag;
}

bool ViewerHub::set_limits(const std::string &id, const peerwire::LayerLimits &limits) {
    MutexLock lock(mutex_);
    const auto found = viewers_.find(id);
    if (found == viewers_.end())
        return false;
    found->second.wishes->set(limits);
    return true;
}

bool ViewerHub::remove_viewer(const std::string &id, const std::string &reason) {
    uint64_t peer = 0;
    {
        MutexLock lock(mutex_);
        const auto found = viewers_.find(id);
        if (found == viewers_.end() || !found->second.removal_reason.empty())
            return false;
        found->second.removal_reason = reason.empty() ? "removed" : reason;
        peer = found->second.peer;
    }
    if (peer)
        server_->remove_peer(peer, peerwire::CloseReason::Removed);
    return true;
}

void ViewerHub::remove_viewers_of(peerwire::TimeNs time, const std::string &reason) {
    std::vector<std::string> ids;
    {
        MutexLock lock(mutex_);
        for (const auto &[id, entry] : viewers_) {
            if (entry.added <= time)
                ids.push_back(id);
        }
    }
    for (const std::string &id : ids)
        remove_viewer(id, reason);
}

void ViewerHub::on_connected(const std::string &id, uint64_t number) {
    {
        MutexLock lock(mutex_);
        const auto found = viewers_.find(id);
        if (found == viewers_.end() || found->second.number != number)
            return;
        found->second.connected = true;
    }
    listener_->viewer_connected(id);
}

void ViewerHub::on_closed(const std::string &id, uint64_t number, peerwire::CloseReason reason) {
    std::string text = peerwire::to_string(reason);
    {
        MutexLock lock(mutex_);
        const auto found = viewers_.find(id);
        if (found == viewers_.end() || found->second.number != number)
            return;
        if (!found->second.removal_reason.empty())
            text = found->second.removal_reason;
        viewers_.erase(found);
    }
    listener_->viewer_disconnected(id, text);
}

void ViewerHub::set_max_viewers(unsigned max) {
    MutexLock lock(mutex_);
    max_viewers_ = max;
}

void ViewerHub::set_video_codecs(std::vector<std::string> codecs) {
    MutexLock lock(mutex_);
    video_codecs_ = std::move(codecs);
}

unsigned ViewerHub::connected_count() const {
    MutexLock lock(mutex_);
    return static_cast<unsigned>(
        std::count_if(viewers_.begin(), viewers_.end(), [](const auto &viewer) { return viewer.second.connected; }));
}

LayerDemand ViewerHub::layer_demand() const {
    using peerwire::LayerReason;
    MutexLock lock(mutex_);
    LayerDemand demand;
    for (const auto &[id, entry] : viewers_) {
        const auto reason = static_cast<LayerReason>(entry.counters->layer_reason.get());
        const uint64_t layer = entry.counters->layer.get();
        if (!entry.connected || reason == LayerReason::NoSource || layer >= demand.on.size())
            continue;
        ++demand.viewers;
        demand.starving += entry.counters->starving.get() != 0;
        demand.limited += reason != LayerReason::Best;
        demand.on[layer] += reason != LayerReason::Paused;
    }
    return demand;
}

std::vector<ViewerStats> ViewerHub::viewers() const {
    MutexLock lock(mutex_);
    std::vector<ViewerStats> list;
    list.reserve(viewers_.size());
    for (const auto &[id, entry] : viewers_)
        list.push_back({id, entry.connected, entry.counters});
    return list;
}

} // namespace rostrum
