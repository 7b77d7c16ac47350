// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "webhooks/dispatcher.h"

#include "webhooks/body_signer.h"
#include "webhooks/deadlines.h"
#include "webhooks/endpoint.h"
#include "webhooks/retry_rule.h"

#include <array>
#include <deque>

namespace rostrum {

namespace {

constexpr char kLogDomain[] = "webhooks"; // no URL, no body, no secret
constexpr int64_t kRecheckUs = 1'000'000; // after a store that failed
constexpr int64_t kClockStepMs = 1000;    // less is the clock being adjusted
constexpr int64_t kSweep = INT64_MIN;     // the deadline of posters that nobody uses
constexpr char kGone[] = "HTTP 410: the endpoint is gone";

std::string describe(const PostResult &result) {
    if (result.status == 0)
        return result.error;
    const std::string status = "HTTP " + std::to_string(result.status);
    return result.status >= 300 && result.status < 400 ? status + ": redirects are not followed" : status;
}

DeliveryReport report_of(const Endpoint &endpoint, const Delivery &delivery, DeliveryReport::Outcome outcome,
                         unsigned status, std::string error) {
    DeliveryReport report{outcome};
    report.endpoint = endpoint.id;
    report.row = delivery.row;
    report.id = delivery.id;
    report.lane = delivery.lane;
    report.sequence = delivery.sequence;
    report.attempts = delivery.attempts;
    report.type = delivery.type;
    report.status = status;
    report.error = std::move(error);
    return report;
}

int64_t now_ms() {
    return g_get_real_time() / 1000;
}

} // namespace

class Dispatcher::Impl {
  public:
    Impl(GMainContext *context, DeliveryStore &store, const Signer &signer, const DispatchPolicy &policy,
         Observer observer, GObjectPtr<GTlsDatabase> certificates);

    void add(int64_t id, const std::string &url, bool trusted);
    void remove(int64_t id);
    void pump(int64_t id);
    EndpointStatus status(int64_t id) const;
    void prepare(const std::string &id, const std::string &body) { bodies_.prepare(id, body); }

  private:
    using FlightPtr = std::shared_ptr<Flight>;

    Endpoint *find(int64_t id) {
        const auto found = endpoints_.find(id);
        return found == endpoints_.end() ? nullptr : &found->second;
    }
    bool is_under_way(int64_t id, const FlightPtr &flight);
    int64_t steady_ms();
    int64_t due_in_ms(const Delivery &delivery);
    bool is_too_old(const Endpoint &endpoint, const Delivery &delivery) const;

    void start_due(Endpoint &endpoint, unsigned limit);
    bool start(Endpoint &endpoint, Delivery delivery);
    void post(int64_t id, const FlightPtr &flight, const std::string &body_signature);
    void on_result(int64_t id, const FlightPtr &flight, const PostResult &result);
    DeliveryReport on_delivered(Endpoint &endpoint, const FlightPtr &flight, unsigned status);
    DeliveryReport on_failed(Endpoint &endpoint, const FlightPtr &flight, const PostResult &result);
    DeliveryReport on_gone(Endpoint &endpoint, const FlightPtr &flight, unsigned status);
    DeliveryReport give_up(Endpoint &endpoint, const FlightPtr &flight, const std::string &error, unsigned status);

    void land(Endpoint &endpoint, Flight &flight);
    void drop_flights(Endpoint &endpoint);
    void tell_store(Endpoint &endpoint);
    void wait_for_slot(Endpoint &endpoint);
    void share_slots();
    void sweep();
    void tell(const DeliveryReport &report) const {
        if (observer_)
            observer_(report);
    }

    DeliveryStore &store_;
    const Signer &signer_;
    const DispatchPolicy policy_;
    const Observer observer_;
    int64_t started_us_ = g_get_monotonic_time(), started_ms_ = now_ms(); ///< the same moment on both clocks
    HttpOptions http_;
    std::map<int64_t, Endpoint> endpoints_;
    Slots slots_;
    std::array<std::deque<int64_t>, 3> queues_; // endpoints that wait for a slot, by their standing
    Deadlines deadlines_;                       // of endpoints: to look again
    BodySigner bodies_;
};

Dispatcher::Impl::Impl(GMainContext *context, DeliveryStore &store, const Signer &signer, const DispatchPolicy &policy,
                       Observer observer, GObjectPtr<GTlsDatabase> certificates)
    : store_(store), signer_(signer), policy_(policy), observer_(std::move(observer)), slots_(policy.total),
      deadlines_(context, [this](int64_t id) { id == kSweep ? sweep() : pump(id); }), bodies_(context, signer) {
    http_.timeout_ms = policy.timeout_ms;
    http_.use_proxy = policy.use_proxy;
    http_.resolver = Resolver::create(context);
    http_.certificates = std::move(certificates);
}

void Dispatcher::Impl::add(int64_t id, const std::string &url, bool trusted) {
    remove(id);
    const CircuitBreaker fresh(policy_.break_after, policy_.retry);
    endpoints_.try_emplace(id, id, url, !trusted && !policy_.allow_private, fresh);
    pump(id);
}

void Dispatcher::Impl::remove(int64_t id) {
    Endpoint *endpoint = find(id);
    if (!endpoint)
        return;
    drop_flights(*endpoint);
    deadlines_.forget(id);
    endpoints_.erase(id);
    share_slots();
}

EndpointStatus Dispatcher::Impl::status(int64_t id) const {
    EndpointStatus status;
    const auto found = endpoints_.find(id);
    if (found == endpoints_.end())
        return status;
    const Endpoint &endpoint = found->second;
    status.breaker = endpoint.breaker.state(g_get_monotonic_time());
    status.disabled = endpoint.disabled;
    status.in_flight = endpoint.in_flight();
    status.failures = endpoint.breaker.failures();
    status.last_error = endpoint.last_error;
    status.last_status = endpoint.last_status;
    return status;
}

/// Looks for work of one endpoint; harmless at any time.
void Dispatcher::Impl::pump(int64_t id) {
    Endpoint *endpoint = find(id);
    if (!endpoint)
        return;
    const int64_t now_us = g_get_monotonic_time();
    if (now_us < endpoint->store_trouble_us) {
        deadlines_.set(id, endpoint->store_trouble_us);
        return;
    }
    tell_store(*endpoint);
    if (endpoint->disabled || endpoint->is_queued || now_us < endpoint->store_trouble_us)
        return;
    const unsigned allowed = endpoint->breaker.allowed(now_us, policy_.parallel);
    if (allowed == 0)
        deadlines_.set(id, endpoint->breaker.resumes_us());
    else if (const unsigned under_way = endpoint->in_flight(); under_way < allowed)
        start_due(*endpoint, allowed - under_way);
}

void Dispatcher::Impl::start_due(Endpoint &endpoint, unsigned limit) {
    if (!slots_.has(endpoint.standing())) {
        wait_for_slot(endpoint);
        return;
    }
    auto heads = store_.heads(endpoint.id, endpoint.busy(), limit);
    if (!heads) {
        g_log(kLogDomain, G_LOG_LEVEL_WARNING, "webhooks cannot be read: %s", heads.error().text.c_str());
        endpoint.store_trouble_us = g_get_monotonic_time() + kRecheckUs;
        deadlines_.set(endpoint.id, endpoint.store_trouble_us);
        return;
    }
    for (Delivery &delivery : heads.value()) {
        if (const int64_t wait_ms = due_in_ms(delivery); wait_ms > 0) {
            deadlines_.set(endpoint.id, g_get_monotonic_time() + wait_ms * 1000);
            return;
        }
        if (!start(endpoint, std::move(delivery)))
            return;
    }
}

/// The wall clock, save that it is never set back: nothing waits longer for that. It is followed when it is set
/// forward, or went on while the machine slept, since what is stored from then on has its new time.
int64_t Dispatcher::Impl::steady_ms() {
    const int64_t mono_us = g_get_monotonic_time(), wall_ms = now_ms();
    const int64_t steady = started_ms_ + (mono_us - started_us_) / 1000;
    if (wall_ms <= steady + kClockStepMs)
        return steady;
    started_us_ = mono_us;
    return started_ms_ = wall_ms;
}

int64_t Dispatcher::Impl::due_in_ms(const Delivery &delivery) {
    const int64_t wait_ms = delivery.due_ms - steady_ms();
    const int64_t longest_ms = std::max(kMaxRetryAfterMs, policy_.retry.cap_ms);
    const bool possible = delivery.attempts > 0 && wait_ms <= longest_ms; // else the clock was wrong then
    return possible ? wait_ms : 0;
}

/// What was never tried, as after a long stop, is tried, unless its endpoint takes nothing anyway.
bool Dispatcher::Impl::is_too_old(const Endpoint &endpoint, const Delivery &delivery) const {
    const bool is_tried = delivery.attempts > 0 || endpoint.breaker.failures() >= policy_.break_after;
    return is_tried && now_ms() - delivery.created_ms > policy_.max_age_ms;
}

/// False: there is no slot.
bool Dispatcher::Impl::start(Endpoint &endpoint, Delivery delivery) {
    const auto flight = std::make_shared<Flight>();
    flight->delivery = std::move(delivery);
    if (is_too_old(endpoint, flight->delivery)) {
        endpoint.flights[flight->delivery.lane] = flight;
        const DeliveryReport report = give_up(endpoint, flight, "not delivered within max-age", 0);
        deadlines_.set(endpoint.id, g_get_monotonic_time() + 1); // for the next one, in a turn of its own
        tell_store(endpoint);
        tell(report);
        return find(report.endpoint) == &endpoint;
    }
    flight->standing = endpoint.standing();
    if (!slots_.has(flight->standing)) {
        wait_for_slot(endpoint);
        return false;
    }
    slots_.take(flight->standing);
    flight->delivery.attempts++;
    if (endpoint.idle.empty()) {
        flight->poster = std::make_unique<HttpPoster>(http_, endpoint.url, endpoint.guarded);
    } else {
        flight->poster = std::move(endpoint.idle.back());
        endpoint.idle.pop_back();
    }
    endpoint.flights[flight->delivery.lane] = flight;
    bodies_.sign(flight->delivery.id, flight->delivery.body,
                 [this, id = endpoint.id, flight](const std::string &signature) {
                     if (is_under_way(id, flight))
                         post(id, flight, signature);
                 });
    return true;
}

bool Dispatcher::Impl::is_under_way(int64_t id, const FlightPtr &flight) {
    const Endpoint *endpoint = find(id);
    if (!endpoint)
        return false;
    const auto found = endpoint->flights.find(flight->delivery.lane);
    return found != endpoint->flights.end() && found->second == flight;
}

void Dispatcher::Impl::post(int64_t id, const FlightPtr &flight, const std::string &body_signature) {
    const Delivery &delivery = flight->delivery;
    Headers headers = signer_.sign(delivery.id, now_ms() / 1000, delivery.body, body_signature);
    headers.emplace_back("webhook-sequence", std::to_string(delivery.sequence));
    headers.emplace_back("webhook-attempt", std::to_string(delivery.attempts));
    flight->poster->post(headers, delivery.body, [this, id, weak = std::weak_ptr(flight)](const PostResult &result) {
        if (const FlightPtr under_way = weak.lock())
            on_result(id, under_way, result);
    });
}

void Dispatcher::Impl::on_result(int64_t id, const FlightPtr &flight, const PostResult &result) {
    Endpoint &endpoint = *find(id); // posters end with their endpoint
    land(endpoint, *flight);
    const Verdict verdict = judge(result.status);
    const DeliveryReport report = verdict == Verdict::Delivered ? on_delivered(endpoint, flight, result.status)
                                  : verdict == Verdict::Stop    ? on_gone(endpoint, flight, result.status)
                                                                : on_failed(endpoint, flight, result);
    tell_store(endpoint);
    tell(report);
    pump(id);
    share_slots();
}

DeliveryReport Dispatcher::Impl::on_delivered(Endpoint &endpoint, const FlightPtr &flight, unsigned status) {
    if (endpoint.breaker.failures() >= policy_.break_after)
        g_log(kLogDomain, G_LOG_LEVEL_INFO, "endpoint %" G_GINT64_FORMAT " answers again", endpoint.id);
    endpoint.breaker.on_success();
    endpoint.last_error.clear();
    endpoint.last_status = status;
    flight->outcome = [this, status](const Delivery &delivery) { return store_.delivered(delivery, status); };
    return report_of(endpoint, flight->delivery, DeliveryReport::Outcome::Delivered, status, "");
}

DeliveryReport Dispatcher::Impl::on_failed(Endpoint &endpoint, const FlightPtr &flight, const PostResult &result) {
    const Delivery &delivery = flight->delivery;
    const std::string error = describe(result);
    const auto after_ms = parse_retry_after_ms(result.retry_after, now_ms() / 1000);
    endpoint.breaker.on_failure(g_get_monotonic_time(), after_ms, g_random_double());
    endpoint.last_error = error;
    endpoint.last_status = result.status;
    if (endpoint.breaker.failures() == policy_.break_after)
        g_log(kLogDomain, G_LOG_LEVEL_INFO, "endpoint %" G_GINT64_FORMAT " failed %u times in a row: %s", endpoint.id,
              policy_.break_after, error.c_str());
    const int64_t wait_ms = retry_wait_ms(policy_.retry, delivery.attempts, after_ms, g_random_double());
    if (now_ms() + wait_ms - delivery.created_ms > policy_.max_age_ms)
        return give_up(endpoint, flight, error + "; max-age would pass before the next attempt", result.status);
    const int64_t due_ms = steady_ms() + wait_ms;
    flight->outcome = [this, due_ms, error, status = result.status](const Delivery &tried) {
        return store_.postpone(tried, due_ms, error, status);
    };
    DeliveryReport report =
        report_of(endpoint, delivery, DeliveryReport::Outcome::Retrying, result.status, std::move(error));
    report.retry_in_ms = wait_ms;
    return report;
}

DeliveryReport Dispatcher::Impl::give_up(Endpoint &endpoint, const FlightPtr &flight, const std::string &error,
                                         unsigned status) {
    flight->outcome = [this, error, status](const Delivery &delivery) { return store_.dead(delivery, error, status); };
    return report_of(endpoint, flight->delivery, DeliveryReport::Outcome::Dead, status, error);
}

DeliveryReport Dispatcher::Impl::on_gone(Endpoint &endpoint, const FlightPtr &flight, unsigned status) {
    drop_flights(endpoint);
    endpoint.disabled = endpoint.is_disabling = true;
    endpoint.last_error = kGone;
    endpoint.last_status = status;
    DeliveryReport report = report_of(endpoint, flight->delivery, DeliveryReport::Outcome::Dead, status, kGone);
    report.endpoint_gone = true;
    return report;
}

/// The attempt is over, the delivery not yet.
void Dispatcher::Impl::land(Endpoint &endpoint, Flight &flight) {
    slots_.give(flight.standing);
    endpoint.idle.push_back(std::move(flight.poster));
    deadlines_.set(kSweep, g_get_monotonic_time() + HttpPoster::kKeepUs);
}

void Dispatcher::Impl::drop_flights(Endpoint &endpoint) {
    for (const auto &[lane, flight] : endpoint.flights)
        if (flight->poster)
            slots_.give(flight->standing);
    for (const auto &[lane, flight] : endpoint.flights)
        bodies_.forget(flight->delivery.id);
    endpoint.flights.clear();
    endpoint.idle.clear();
}

/// How deliveries ended; what the store does not take is told again later, and their lanes wait.
void Dispatcher::Impl::tell_store(Endpoint &endpoint) {
    bool taken = true;
    if (endpoint.is_disabling) {
        taken = store_.endpoint_disabled(endpoint.id, kGone);
        endpoint.is_disabling = !taken;
    }
    for (auto each = endpoint.flights.begin(); each != endpoint.flights.end();) {
        const FlightPtr flight = each->second;
        const bool done = flight->outcome && flight->outcome(flight->delivery);
        if (done)
            bodies_.forget(flight->delivery.id);
        taken = taken && (done || !flight->outcome);
        each = done ? endpoint.flights.erase(each) : std::next(each);
    }
    if (taken)
        return;
    g_log(kLogDomain, G_LOG_LEVEL_WARNING, "the outcome of webhooks cannot be stored; trying again");
    endpoint.store_trouble_us = g_get_monotonic_time() + kRecheckUs;
    deadlines_.set(endpoint.id, endpoint.store_trouble_us);
}

void Dispatcher::Impl::wait_for_slot(Endpoint &endpoint) {
    if (!std::exchange(endpoint.is_queued, true))
        queues_[static_cast<size_t>(endpoint.standing())].push_back(endpoint.id);
}

void Dispatcher::Impl::share_slots() {
    for (const Standing standing : {Standing::Answers, Standing::Unknown, Standing::Fails}) {
        auto &queue = queues_[static_cast<size_t>(standing)];
        for (size_t left = queue.size(); left > 0 && slots_.has(standing); left--) {
            const int64_t id = queue.front();
            queue.pop_front();
            if (Endpoint *endpoint = find(id)) {
                endpoint->is_queued = false;
                pump(id);
            }
        }
    }
}

/// Closes connections before their receivers do.
void Dispatcher::Impl::sweep() {
    const int64_t now_us = g_get_monotonic_time();
    bool left = false;
    for (auto &[id, endpoint] : endpoints_) {
        std::erase_if(endpoint.idle,
                      [&](const auto &poster) { return now_us - poster->posted_us() >= HttpPoster::kKeepUs; });
        left = left || !endpoint.idle.empty();
    }
    if (left)
        deadlines_.set(kSweep, now_us + HttpPoster::kKeepUs / 2);
}

Result<std::unique_ptr<Dispatcher>> Dispatcher::create(GMainContext *context, DeliveryStore &store,
                                                       const Signer &signer, const DispatchPolicy &policy,
                                                       Observer observer) {
    GObjectPtr<GTlsDatabase> certificates;
    if (!policy.ca_file.empty()) {
        g_autoptr(GError) error = nullptr;
        certificates.reset(g_tls_file_database_new(policy.ca_file.c_str(), &error));
        if (!certificates)
            return Error{400, "the file of certificate authorities cannot be used: " + std::string(error->message)};
    }
    if (!context)
        context = g_main_context_default();
    return std::unique_ptr<Dispatcher>(new Dispatcher(
        std::make_unique<Impl>(context, store, signer, policy, std::move(observer), std::move(certificates))));
}

Dispatcher::Dispatcher(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Dispatcher::~Dispatcher() = default;

void Dispatcher::add_endpoint(int64_t id, const std::string &url, bool trusted) {
    impl_->add(id, url, trusted);
}
void Dispatcher::remove_endpoint(int64_t id) {
    impl_->remove(id);
}
void Dispatcher::wake(int64_t endpoint) {
    impl_->pump(endpoint);
}
EndpointStatus Dispatcher::status(int64_t endpoint) const {
    return impl_->status(endpoint);
}
void Dispatcher::prepare(const std::string &id, const std::string &body) {
    impl_->prepare(id, body);
}

} // namespace rostrum
