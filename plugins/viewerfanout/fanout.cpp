// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "viewerfanout/fanout.h"

#include "common/port_range.h"
#include "net/clock.h"
#include "viewerfanout/stats.h"

#include <utility>

namespace rostrum {

using peerwire::MutexLock;

namespace {

constexpr GstClockTime kTickInterval = 250 * GST_MSECOND; // how late a lost source is noticed at most

const Error kNotRunning{503, "the element is not running: set it to READY or higher first"};

peerwire::FeedConfig feed_config(std::shared_ptr<Reporter> reporter) {
    peerwire::FeedConfig config;
    config.on_keyframe_wanted = [reporter = std::move(reporter)](unsigned layer) { reporter->keyframe_wanted(layer); };
    return config;
}

} // namespace

Fanout::Fanout(GstElement *element)
    : reporter_(std::make_shared<Reporter>(element)), feed_(std::make_shared<peerwire::Feed>(feed_config(reporter_))),
      watch_([this](unsigned pad, SourceWatch::Change change) { source_changed(pad, change); }) {}

Fanout::~Fanout() {
    ticker_.reset();
    close();
}

Result<HubConfig> Fanout::hub_config() const {
    const FanoutSettings wanted = settings();
    HubConfig config;
    auto addresses = parse_addresses(wanted.public_address);
    if (!addresses.ok())
        return addresses.error();
    const auto ports = parse_port_range(wanted.port_range);
    if (!ports.ok())
        return ports.error();
    config.addresses = std::move(addresses).value();
    config.port_min = ports.value().min;
    config.port_max = ports.value().max;
    config.ice_tcp = wanted.ice_tcp;
    config.shards = wanted.shards;
    config.max_viewers = wanted.max_viewers;
    config.max_load = wanted.max_load;
    config.video_codecs = split_codecs(wanted.codecs);
    config.start_bps = wanted.start_bps;
    return config;
}

std::optional<Error> Fanout::open() {
    auto config = hub_config();
    if (!config.ok())
        return config.error();
    auto hub = ViewerHub::start(std::move(config).value(), feed_, reporter_);
    if (!hub.ok())
        return hub.error();
    {
        MutexLock lock(mutex_);
        hub_ = std::move(hub).value();
    }
    return listen();
}

std::optional<Error> Fanout::listen() {
    const std::string listen = settings().listen;
    if (listen.empty())
        return std::nullopt;
    auto endpoint = WebrtcHttpEndpoint::start(listen, *this);
    if (!endpoint.ok())
        return endpoint.error();
    const std::string uri = endpoint.value()->uri();
    {
        MutexLock lock(mutex_);
        endpoint_ = std::move(endpoint).value();
    }
    reporter_->listening(uri);
    return std::nullopt;
}

void Fanout::close() {
    std::shared_ptr<ViewerHub> hub;
    std::unique_ptr<WebrtcHttpEndpoint> endpoint;
    {
        MutexLock lock(mutex_);
        hub = std::move(hub_);
        endpoint = std::move(endpoint_);
        hub_ = nullptr;
    }
    endpoint.reset(); // no new viewers
    hub.reset();
    reporter_->drain();
}

void Fanout::set_playing(bool playing) {
    ticker_.reset();
    if (playing) {
        watch_.resume(peerwire::monotonic_now());
        ticker_ = std::make_unique<Ticker>(kTickInterval, [this] { tick(); });
    }
    MutexLock lock(mutex_);
    for (const auto &input : inputs_) {
        if (input)
            input->pacer().set_playing(playing);
    }
}

void Fanout::clear() {
    feed_->clear();
    watch_.forget();
}

void Fanout::source_changed(unsigned pad, SourceWatch::Change change) {
    if (change == SourceWatch::Change::Lost && pad != TrackInput::kAudio)
        feed_->set_silent(pad, true);
    reporter_->source_changed(TrackInput::pad_name(pad), change);
}

/// The clock's thread.
void Fanout::tick() {
    const peerwire::TimeNs now = peerwire::monotonic_now();
    watch_.check(now);
    watch_demand();
    const peerwire::TimeNs timeout = settings().source_timeout_ms * peerwire::kNsPerMs;
    if (timeout == 0 || now - watch_.last_arrival() < timeout)
        return;
    if (const auto running = hub())
        running->remove_viewers_of(now - timeout, "source-gone");
}

void Fanout::watch_demand() {
    const LayerDemand now = layer_demand();
    if (now != std::exchange(demand_, now))
        reporter_->layer_demand_changed();
}

LayerDemand Fanout::layer_demand() const {
    const auto running = hub();
    return running ? running->layer_demand() : LayerDemand{};
}

TrackInput *Fanout::input(unsigned layer) {
    MutexLock lock(mutex_);
    auto &input = inputs_[layer];
    if (!input)
        input = std::make_unique<TrackInput>(feed_, watch_, layer);
    return input.get();
}

std::shared_ptr<ViewerHub> Fanout::hub() const {
    MutexLock lock(mutex_);
    return hub_;
}

void Fanout::wake(bool whole) {
    if (const auto running = hub())
        running->wake(whole);
}

FanoutSettings Fanout::settings() const {
    MutexLock lock(mutex_);
    return settings_;
}

void Fanout::set_settings(FanoutSettings settings) {
    feed_->set_history(settings.history_ms * peerwire::kNsPerMs);
    feed_->set_keyframe_interval(settings.keyframe_interval_ms * peerwire::kNsPerMs);
    if (const auto running = hub()) {
        running->set_max_viewers(settings.max_viewers);
        running->set_max_load(settings.max_load);
        running->set_start_bitrate(settings.start_bps);
        running->set_video_codecs(split_codecs(settings.codecs));
    }
    MutexLock lock(mutex_);
    settings_ = std::move(settings);
}

std::string Fanout::listening_uri() const {
    MutexLock lock(mutex_);
    return endpoint_ ? endpoint_->uri() : std::string();
}

std::string Fanout::last_error() const {
    MutexLock lock(mutex_);
    return last_error_;
}

void Fanout::set_last_error(const Error &error) {
    MutexLock lock(mutex_);
    last_error_ = std::to_string(error.code) + ": " + error.text;
}

unsigned Fanout::viewer_count() const {
    const auto running = hub();
    return running ? running->connected_count() : 0;
}

GstStructure *Fanout::make_stats() const {
    GstStructure *stats = gst_structure_new_empty("viewerfanout-stats");
    gst_structure_set(stats, "keyframe-requests", G_TYPE_UINT64, feed_->keyframe_requests(), nullptr);
    {
        MutexLock lock(mutex_);
        for (const auto &input : inputs_) {
            if (input)
                add_input_stats(stats, *input);
        }
    }
    if (const auto running = hub()) {
        add_viewer_stats(stats, running->viewers());
        add_server_stats(stats, running->server_counters(), running->load());
    }
    return stats;
}

Result<std::string> Fanout::add_viewer(const std::string &id, const std::string &offer, const ViewerOptions &options) {
    const auto running = hub();
    return running ? running->add_viewer(id, offer, options) : kNotRunning;
}

Result<std::string> Fanout::common_codecs(const std::string &offer) const {
    const auto running = hub();
    return running ? running->common_codecs(offer) : kNotRunning;
}

Result<std::string> Fanout::patch_viewer(const std::string &id, const std::string &fragment) {
    const auto running = hub();
    return running ? running->patch_viewer(id, fragment) : kNotRunning;
}

bool Fanout::set_limits(const std::string &id, const peerwire::LayerLimits &limits) {
    const auto running = hub();
    return running && running->set_limits(id, limits);
}

bool Fanout::remove_viewer(const std::string &id, const std::string &reason) {
    const auto running = hub();
    return running && running->remove_viewer(id, reason);
}

void Fanout::remove_all_viewers(const std::string &reason) {
    if (const auto running = hub())
        running->remove_all_viewers(reason);
}

Result<std::string> Fanout::create_session(const std::string &id, const std::string &offer) {
    return add_viewer(id, offer, {});
}

Result<std::string> Fanout::patch_session(const std::string &id, const std::string &fragment) {
    return patch_viewer(id, fragment);
}

std::string Fanout::ice_session(const std::string &id) {
    const auto running = hub();
    return running ? running->ice_session(id) : std::string();
}

bool Fanout::delete_session(const std::string &id) {
    return remove_viewer(id, "deleted");
}

} // namespace rostrum
