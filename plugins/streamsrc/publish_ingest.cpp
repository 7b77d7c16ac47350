// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "streamsrc/publish_ingest.h"

#include "common/bind_address.h"
#include "common/port_range.h"
#include "common/sdp_fragment.h"
#include "common/text.h"
#include "publish/publisher.h"
#include "streamsrc/publish_stats.h"

#include <algorithm>

GST_DEBUG_CATEGORY_EXTERN(gst_stream_src_debug);
#define GST_CAT_DEFAULT gst_stream_src_debug

namespace rostrum {

using peerwire::CloseReason;
using peerwire::MutexLock;

namespace {

// Browsers check every 2.5 s (and send media all the time): two checks lost means that they are gone.
constexpr peerwire::TimeNs kPublisherConsent = 5500 * peerwire::kNsPerMs;

/// Every codec that we carry, the preferred ones first.
std::vector<std::string> codec_order(const std::string &preferred) {
    std::vector<std::string> order = split_codecs(preferred);
    for (const std::string &known : PublisherPreferences().video_codecs) {
        if (std::find(order.begin(), order.end(), known) == order.end())
            order.push_back(known);
    }
    return order;
}

std::string first_mid(const Answer &answer) {
    for (const AnswerMedia &media : answer.media) {
        if (media.accepted)
            return media.mid;
    }
    return "";
}

} // namespace

Result<std::unique_ptr<PublishIngest>> PublishIngest::start(const StreamSourceSettings &settings, Outputs &outputs,
                                                            IngestListener &listener) {
    const auto ports = parse_port_range(settings.port_range);
    if (!ports)
        return ports.error();
    const auto addresses = parse_addresses(settings.public_address);
    if (!addresses)
        return addresses.error();
    std::unique_ptr<PublishIngest> ingest(new PublishIngest(settings, addresses.value(), outputs, listener));
    peerwire::ServerConfig config{.port_min = ports.value().min, .port_max = ports.value().max, .max_peers = 8};
    config.ice_tcp = settings.ice_tcp;
    config.bind_address = bind_address(addresses.value());
    auto server = peerwire::Server::create(config);
    if (!server)
        return server.error();
    ingest->server_ = std::move(server).value();
    if (settings.listen.empty())
        return ingest;
    auto http = WebrtcHttpEndpoint::start(settings.listen, *ingest);
    if (!http)
        return http.error();
    ingest->http_ = std::move(http).value();
    return ingest;
}

PublishIngest::PublishIngest(const StreamSourceSettings &settings, std::vector<std::string> addresses, Outputs &outputs,
                             IngestListener &listener)
    : settings_(settings), addresses_(std::move(addresses)), outputs_(outputs), listener_(listener) {}

PublishIngest::~PublishIngest() {
    http_.reset();
    server_.reset();
}

LocalTransport PublishIngest::local_transport(const peerwire::PeerLocal &peer) const {
    return {peer.ufrag, peer.pwd, peer.fingerprint, peer.port, addresses_, peer.tcp_port};
}

Result<std::string> PublishIngest::accept(const std::string &sdp, const std::string &resource) {
    auto offer = parse_offer(sdp);
    if (!offer)
        return offer.error();
    PublisherPreferences preferences;
    preferences.video_codecs = codec_order(settings_.prefer_codec);
    preferences.start_bitrate_kbps = settings_.start_bitrate_kbps;
    auto answer = negotiate_publisher(offer.value(), preferences);
    if (!answer)
        return answer.error();

    PublishPlan plan = make_publish_plan(offer.value(), answer.value());
    plan.receiver.local_ssrc = g_random_int() | 1;
    const auto session = make_session(plan);
    auto peer = server_->add_peer(
        {.remote_ufrag = offer.value().ice_ufrag,
         .remote_pwd = offer.value().ice_pwd,
         .remote_fingerprint = offer.value().fingerprint,
         .dtls_client = answer.value().dtls_client,
         .endpoint = std::make_unique<peerwire::Publisher>(plan.receiver, session->control(), session),
         .consent_timeout = kPublisherConsent});
    if (!peer)
        return peer.error();
    const LocalTransport local = local_transport(peer.value());
    replace({session, peer.value().id, resource, offer.value().ice_ufrag, first_mid(answer.value()), local});
    outputs_.expect(plan.pads());
    return write_answer(offer.value(), answer.value(), local);
}

std::shared_ptr<PublishSession> PublishIngest::make_session(const PublishPlan &plan) {
    std::vector<GstRef<GstRtpFeed>> feeds;
    for (const PublishPlan::Track &track : plan.tracks)
        feeds.push_back(outputs_.feed(track.pad, settings_.latency_ms));
    uint64_t id = 0;
    {
        MutexLock lock(mutex_);
        id = ++sessions_;
    }
    return std::make_shared<PublishSession>(id, plan, std::move(feeds), static_cast<PublishEvents &>(*this));
}

void PublishIngest::replace(Current next) {
    std::optional<Current> old = std::move(next);
    {
        MutexLock lock(mutex_);
        current_.swap(old);
        end_reason_.clear();
    }
    if (old) {
        old->session->silence();
        server_->remove_peer(old->peer, CloseReason::Replaced);
    }
    listener_.on_state({"connecting", old ? "replaced" : "", ""});
}

std::optional<PublishIngest::Current> PublishIngest::current() const {
    MutexLock lock(mutex_);
    return current_;
}

Result<std::string> PublishIngest::accept_patch(const std::string &text) {
    const auto fragment = parse_fragment(text);
    if (!fragment)
        return fragment.error();
    const auto publisher = current();
    if (!publisher)
        return Error{404, "nobody publishes"};
    if (fragment.value().ice_ufrag.empty() || fragment.value().ice_ufrag == publisher->remote_ufrag)
        return std::string(); // candidates: their checks tell us all we need
    const auto peer = server_->restart_ice(publisher->peer, fragment.value().ice_ufrag, fragment.value().ice_pwd);
    if (!peer)
        return peer.error();
    const LocalTransport local = local_transport(peer.value());
    MutexLock lock(mutex_);
    if (current_ && current_->peer == publisher->peer) {
        current_->remote_ufrag = fragment.value().ice_ufrag;
        current_->local = local;
    }
    return write_fragment(local, publisher->mid);
}

bool PublishIngest::end_publish(const std::string &reason) {
    uint64_t peer = 0;
    {
        MutexLock lock(mutex_);
        if (!current_)
            return false;
        peer = current_->peer;
        end_reason_ = reason;
    }
    server_->remove_peer(peer, CloseReason::Removed);
    return true;
}

bool PublishIngest::request_keyframe(const std::string &pad) {
    const auto publisher = current();
    if (!publisher || !publisher->session->request_keyframe(pad))
        return false;
    server_->wake();
    return true;
}

void PublishIngest::fill_stats(GstStructure *stats) const {
    if (const auto publisher = current())
        write_publish_stats(stats, *publisher->session);
}

Result<std::string> PublishIngest::create_session(const std::string &id, const std::string &offer) {
    return accept(offer, id);
}

Result<std::string> PublishIngest::patch_session(const std::string &id, const std::string &fragment) {
    const auto publisher = current();
    if (!publisher || publisher->resource != id)
        return Error{404, "no such session"};
    return accept_patch(fragment);
}

std::string PublishIngest::ice_session(const std::string &id) {
    const auto publisher = current();
    return publisher && publisher->resource == id ? publisher->local.ufrag : std::string();
}

bool PublishIngest::delete_session(const std::string &id) {
    const auto publisher = current();
    return publisher && publisher->resource == id && end_publish("deleted");
}

void PublishIngest::on_publish_state(const SourceState &state) {
    listener_.on_state(state);
}

void PublishIngest::on_publish_picture(const PictureState &picture) {
    listener_.on_picture(picture);
}

void PublishIngest::on_publish_closed(uint64_t session, const std::string &reason) {
    std::string given;
    {
        MutexLock lock(mutex_);
        if (!current_ || current_->session->id() != session)
            return;
        current_.reset();
        given.swap(end_reason_);
    }
    listener_.on_state({"disconnected", given.empty() ? reason : given, ""});
}

void PublishIngest::on_publish_waited() {
    outputs_.give_up_waiting();
}

} // namespace rostrum
