// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "rtmpegress/rtmp_push.h"

#include "rtmpegress/server_text.h"

#include <array>
#include <sys/eventfd.h>

namespace rostrum {

using rtmp::AdobeAuth;
using rtmp::Publisher;

namespace {

constexpr size_t kSendAhead = 64 << 10; // encoded beyond what the kernel took; frames behind it can still be left out
constexpr size_t kReadsAtOnce = 4;      // of 16 KiB, before it is time to send again
constexpr size_t kReadBytes = 16 << 10;
constexpr uint64_t kFreeBytes = 512 << 10, kBytesPerSecond = 64 << 10; // what a server may have to say to a publisher
constexpr int64_t kLingerUs = 500'000;                                 // for a server that does not close after us

int64_t now_us() {
    return g_get_monotonic_time();
}

rtmp::PublishNames names_of(const RtmpUrl &url, const std::string &login) {
    rtmp::PublishNames names{{}, url.application, url.stream};
    if (!login.empty())
        names.application += (url.application.find('?') == std::string::npos ? "?" : "&") + login;
    names.tc_url = url.origin() + "/" + names.application;
    return names;
}

} // namespace

RtmpPush::RtmpPush(const RtmpUrl &url, const StreamFormat &format, PushSettings settings)
    : url_(url), format_(format.share()), settings_(std::move(settings)), wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      cancel_(g_cancellable_new(), g_object_unref),
      queue_(format.of(MediaKind::Video) != nullptr, format.of(MediaKind::Audio) != nullptr),
      auth_(url.username, url.password, g_random_int()) {}

RtmpPush::~RtmpPush() = default;

bool RtmpPush::start() {
    if (!wake_)
        fail(false, "there are no file descriptors left");
    return !failure_;
}

void RtmpPush::fail(bool permanent, const std::string &text) {
    if (!failure_)
        failure_ = {permanent, for_people(url_.sanitize(text))};
}

void RtmpPush::wake() {
    const uint64_t one = 1;
    (void)!write(wake_.get(), &one, sizeof one);
}

void RtmpPush::interrupt() {
    interrupted_ = true;
    g_cancellable_cancel(cancel_.get());
    wake();
}

void RtmpPush::begin(const FramePtr &start) {
    queue_.begin(start, now_us());
}

bool RtmpPush::take(const FramePtr &frame) {
    const auto [room, ready] = queue_.take(frame, now_us());
    if (ready)
        wake();
    return room;
}

void RtmpPush::end(MediaKind kind) {
    queue_.end(kind);
    wake();
}

void RtmpPush::finish() {
    finishing_ = true;
    if (!published_)
        step_ = Step::Ended;
}

Push::Event RtmpPush::poll(int64_t timeout_ms) {
    const int64_t until_us = now_us() + timeout_ms * 1000;
    const bool was_published = published_;
    do {
        if (!is_over()) {
            wait(until_us);
            serve(now_us());
        }
        if (failure_)
            return Event::Failed;
        if (step_ == Step::Ended)
            return Event::Ended;
    } while (now_us() < until_us && published_ == was_published && !interrupted_.exchange(false));
    return Event::None;
}

void RtmpPush::wait(int64_t until_us) {
    std::vector<pollfd> fds{{wake_.get(), POLLIN, 0}};
    if (step_ == Step::Resolving)
        return;
    if (dialer_) {
        dialer_->add_to(fds);
        if (dialer_->next_ms() < INT64_MAX)
            until_us = std::min(until_us, dialer_->next_ms() * 1000);
    } else if (connection_) {
        const bool writes = connection_->unsent() > 0;
        fds.push_back({connection_->fd(), static_cast<short>(POLLIN | (writes ? POLLOUT : 0)), 0});
    }
    const int64_t left_ms = std::max<int64_t>(until_us - now_us() + 999, 0) / 1000;
    ::poll(fds.data(), fds.size(), static_cast<int>(left_ms));
    uint64_t count = 0;
    if (fds[0].revents)
        (void)!read(wake_.get(), &count, sizeof count);
}

void RtmpPush::serve(int64_t now_us) {
    switch (step_) {
    case Step::Resolving:
        return resolve_host();
    case Step::Dialing:
        return dial(now_us);
    case Step::Talking:
        receive();
        if (!failure_ && step_ == Step::Talking)
            fill(now_us);
        return;
    case Step::Lingering:
        return linger(now_us);
    case Step::Ended:
        return;
    }
}

void RtmpPush::resolve_host() {
    Resolved resolved = resolve(url_.host, url_.port, settings_.refuse_address, cancel_.get());
    if (resolved.addresses.empty())
        return fail(resolved.failure.permanent, resolved.failure.text);
    addresses_ = std::move(resolved.addresses);
    dialer_.emplace(addresses_);
    step_ = Step::Dialing;
}

void RtmpPush::dial(int64_t now_us) {
    if (UniqueFd fd = dialer_->step(now_us / 1000))
        open(std::move(fd));
    else if (dialer_->has_failed())
        fail(false, "cannot connect: " + dialer_->error());
}

void RtmpPush::open(UniqueFd fd) {
    dialer_.reset();
    std::optional<TlsClient> tls;
    if (url_.tls) {
        auto made = TlsClient::create(url_.host, settings_.tls_ca_file);
        if (!made)
            return fail(true, made.error().text);
        tls = std::move(made).value();
    }
    connection_.emplace(std::move(fd), std::move(tls));
    publisher_.emplace(names_of(url_, auth_.query()), g_random_int());
    opened_us_ = now_us();
    step_ = Step::Talking;
}

void RtmpPush::receive() {
    std::array<uint8_t, kReadBytes> plain;
    for (size_t i = 0; i < kReadsAtOnce && publisher_->state() != Publisher::State::Failed; i++) {
        const size_t size = connection_->receive(plain);
        if (size == 0)
            break;
        publisher_->receive({plain.data(), size});
    }
    const auto seconds = static_cast<uint64_t>((now_us() - opened_us_) / 1'000'000);
    if (connection_->received() > kFreeBytes + seconds * kBytesPerSecond)
        return fail(false, "the server sends what no publisher asked for");
    if (publisher_->state() == Publisher::State::Failed)
        return on_refused();
    if (connection_->failure())
        return fail(connection_->failure()->permanent, connection_->failure()->text);
    if (connection_->is_closed()) {
        publisher_->closed();
        return on_refused();
    }
    if (publisher_->state() == Publisher::State::Live && !published_) {
        published_ = true;
        writer_.begin(format_, *publisher_, connection_->outgoing());
    }
}

/// A refusal may ask for a login, which goes with a new connection.
void RtmpPush::on_refused() {
    const rtmp::PublishFailure &refusal = publisher_->failure();
    switch (auth_.answer(refusal.connect_description)) {
    case AdobeAuth::Answer::NotAsked:
        return fail(refusal.permanent, refusal.text);
    case AdobeAuth::Answer::Denied:
        return fail(true, auth_.denial());
    case AdobeAuth::Answer::Again:
        break;
    }
    connection_.reset();
    publisher_.reset();
    dialer_.emplace(addresses_);
    step_ = Step::Dialing;
}

void RtmpPush::fill(int64_t now_us) {
    publisher_->produce(connection_->outgoing());
    while (published_ && connection_->unsent() < kSendAhead) {
        const auto timed = queue_.pop(now_us, finishing_);
        if (!timed)
            break;
        writer_.write(*timed, *publisher_, connection_->outgoing());
    }
    if (finishing_ && published_ && queue_.is_empty()) {
        publisher_->finish();
        publisher_->produce(connection_->outgoing());
        step_ = Step::Lingering;
    }
    connection_->flush();
    if (connection_->failure())
        receive(); // the server may have said why before it hung up
}

/// Until the server has everything: closing with something unread would take away what it has not read itself.
void RtmpPush::linger(int64_t now_us) {
    connection_->flush();
    if (connection_->unsent() == 0 && shut_us_ == 0) {
        connection_->shut_down();
        shut_us_ = now_us;
    }
    std::array<uint8_t, kReadBytes> ignored;
    connection_->receive(ignored);
    const bool all_taken = connection_->unsent() == 0 && connection_->unacknowledged() == 0;
    if (connection_->failure() || connection_->is_closed() ||
        (all_taken && shut_us_ > 0 && now_us - shut_us_ > kLingerUs))
        step_ = Step::Ended;
}

PushBytes RtmpPush::bytes() const {
    PushBytes bytes;
    bytes.published = published_;
    if (!connection_)
        return bytes;
    bytes.sent = connection_->sent() - std::min(connection_->unacknowledged(), connection_->sent());
    bytes.acknowledged = publisher_->acknowledged();
    return bytes;
}

bool RtmpPush::has_backlog() const {
    return connection_ && (connection_->unsent() > 0 || connection_->unacknowledged() > 0);
}

namespace {

class RtmpTarget final : public Target {
  public:
    explicit RtmpTarget(RtmpUrl url) : url_(std::move(url)) {}
    std::string display() const override { return url_.display(); }
    std::unique_ptr<Push> make_push(const StreamFormat &format, const PushSettings &settings) const override {
        return std::make_unique<RtmpPush>(url_, format, settings);
    }

  private:
    const RtmpUrl url_;
};

} // namespace

Result<std::shared_ptr<const Target>> parse_rtmp_target(std::string_view url, std::string_view stream_key) {
    auto parsed = parse_rtmp_url(url, stream_key);
    if (!parsed)
        return parsed.error();
    return std::shared_ptr<const Target>(std::make_shared<RtmpTarget>(std::move(parsed).value()));
}

} // namespace rostrum
