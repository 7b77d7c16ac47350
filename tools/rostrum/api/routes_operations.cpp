// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/api.h"

#include <sstream>

namespace rostrum {
namespace {

/// Prometheus text format 0.0.4.
class MetricsText {
  public:
    void family(const char *name, const char *type, const char *help) {
        name_ = name;
        text_ << "# HELP " << name << ' ' << help << "\n# TYPE " << name << ' ' << type << '\n';
    }
    void value(double value, const std::string &labels = {}) { text_ << name_ << labels << ' ' << value << '\n'; }
    std::string str() const { return text_.str(); }

  private:
    std::ostringstream text_;
    const char *name_ = "";
};

std::string metrics(const Api &api, const HttpServer &server, const WebhookOutbox &outbox) {
    size_t participants = 0, hosts = 0, viewers = 0, outputs = 0;
    for (const auto &[id, session] : api.sessions.all()) {
        participants += session->roster().size();
        hosts += session->roster().peer_count("host");
        viewers += session->roster().peer_count("viewer");
        outputs += session->outputs().size();
    }
    MetricsText text;
    text.family("rostrum_sessions", "gauge", "Live sessions");
    text.value(static_cast<double>(api.sessions.all().size()));
    text.family("rostrum_participants", "gauge", "Participants in live sessions");
    text.value(static_cast<double>(participants));
    text.family("rostrum_peers", "gauge", "WebRTC peers");
    text.value(static_cast<double>(hosts), "{role=\"host\"}");
    text.value(static_cast<double>(viewers), "{role=\"viewer\"}");
    text.family("rostrum_outputs", "gauge", "Livestreams and recordings under way");
    text.value(static_cast<double>(outputs));
    text.family("rostrum_jobs", "gauge", "Work on recorded files: waiting, under way, given up");
    for (const char *state : {"pending", "processing", "failed"})
        text.value(static_cast<double>(api.store.jobs.count(state)), std::string("{state=\"") + state + "\"}");
    text.family("rostrum_storage_fault", "gauge", "1 while nothing can be written to the disk");
    text.value(api.store.database.fault().empty() ? 0 : 1);
    text.family("rostrum_session_crashes_total", "counter", "Session processes that were lost");
    text.value(static_cast<double>(api.sessions.services().crashes));
    text.family("rostrum_session_restarts_total", "counter", "Session processes that came back");
    text.value(static_cast<double>(api.sessions.services().restarts));
    text.family("rostrum_http_connections", "gauge", "Open HTTP connections");
    text.value(static_cast<double>(server.connections().total()));
    text.family("rostrum_http_requests_total", "counter", "HTTP requests read");
    text.value(static_cast<double>(server.counters().requests));
    text.family("rostrum_http_refused_bodies_total", "counter", "Bodies over the limit");
    text.value(static_cast<double>(server.counters().refused_bodies));
    text.family("rostrum_http_timeouts_total", "counter", "Connections closed because no whole request came in time");
    text.value(static_cast<double>(server.counters().timed_out));
    text.family("rostrum_http_refused_connections_total", "counter", "Connections closed because there were too many");
    text.value(static_cast<double>(server.connections().refused()));
    text.family("rostrum_http_rate_limited_total", "counter", "Requests refused because there were too many");
    text.value(static_cast<double>(api.rates.refused()));
    text.family("rostrum_webhooks_total", "counter", "Webhooks by what became of them");
    text.value(static_cast<double>(outbox.counters().posted), "{state=\"posted\"}");
    text.value(static_cast<double>(outbox.counters().delivered), "{state=\"delivered\"}");
    text.value(static_cast<double>(outbox.counters().retried), "{state=\"retried\"}");
    text.value(static_cast<double>(outbox.counters().dead), "{state=\"dead\"}");
    text.family("rostrum_webhooks", "gauge", "Webhooks that wait to be delivered, and dead letters");
    for (const char *state : {"waiting", "dead"})
        text.value(static_cast<double>(api.store.webhook_deliveries.count(0, state)),
                   std::string("{state=\"") + state + "\"}");
    return text.str();
}

} // namespace

void add_operation_routes(Router &router, Api &api, const HttpServer *const &server, const WebhookOutbox &outbox) {
    router.add("GET", "/healthz", [&api](const ExchangePtr &e) {
        api.store.database.query("SELECT 1").run();
        const std::string &fault = api.store.database.fault();
        e->reply(200, Json::object({{"status", "ok"},
                                    {"storage", fault.empty() ? "ok" : fault},
                                    {"sessions", api.sessions.all().size()}}));
    });
    router.add("GET", "/metrics", [&api, &server, &outbox](const ExchangePtr &e) {
        e->reply(200, "text/plain; version=0.0.4; charset=utf-8", metrics(api, *server, outbox));
    });
    router.add("GET", "/v2/public/rsa-public-key", [&api](const ExchangePtr &e) {
        e->reply(200, Json::object({{"publicKey", api.webhook_public_key}}));
    });
}

} // namespace rostrum
