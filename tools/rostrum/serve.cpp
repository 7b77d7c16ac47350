// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/api.h"
#include "tools/rostrum/api/idempotency.h"
#include "tools/rostrum/api/recording_request.h"
#include "tools/rostrum/api/tls_files.h"

#include "tools/rostrum/base/file_lock.h"
#include "tools/rostrum/base/ice_servers.h"
#include "tools/rostrum/base/ids.h"
#include "tools/rostrum/base/keys.h"
#include "tools/rostrum/base/master_key.h"
#include "tools/rostrum/base/places.h"
#include "tools/rostrum/commands.h"
#include "tools/rostrum/live/webhook_secrets.h"
#include "tools/rostrum/store/history_cleaner.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <glib-unix.h>
#include <sys/resource.h>
#include <sys/stat.h>

namespace rostrum {
namespace {

constexpr unsigned kEndAllMs = 20000;
constexpr unsigned kFormerServeMs = 3000; // that is about to end
constexpr size_t kMaxSocketPath = 100;    // sun_path has 108 bytes

/// Directories that everything is put into. Returns an error text or "".
std::string make_directories(const Config &config) {
    const std::string sockets = config.text("runtime") + "/sessions";
    if (sockets.size() + 30 > kMaxSocketPath) // "/" + 24 hex digits + ".sock"
        return sockets + ": too long for Unix sockets; choose a shorter directory with --runtime";
    for (const std::string &directory : {config.state_path("recordings"), config.state_path("logs"), sockets})
        if (g_mkdir_with_parents(directory.c_str(), 0700) != 0)
            return directory + ": the directory cannot be created";
    return "";
}

/// As many connections as the machine's owner allows.
void raise_file_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/// One per processor; four fill a network card of 10 Gbit/s.
unsigned default_shards() {
    return std::min(g_get_num_processors(), 4u);
}

/// What is wrong with settings that are right each by itself, or "".
std::string fault_between(const Config &config) {
    for (const auto &server : parse_ice_servers(config.text("ice-servers")).servers)
        if (server.turn && !config.has("turn-secret"))
            return "ice-servers: " + server.uri +
                   " needs turn-secret; set ROSTRUM_TURN_SECRET to the static-auth-secret of the TURN server, or write "
                   "it into rostrum.conf";
    const auto listen = split_list(config.text("listen"));
    const bool https =
        std::any_of(listen.begin(), listen.end(), [](const auto &url) { return url.starts_with("https:"); });
    if (https && (!config.has("tls-certificate") || !config.has("tls-key")))
        return "listen: https:// needs tls-certificate and tls-key, two PEM files";
    if (config.flag("cors-credentials") && Cors::parse(config.text("cors-origins"))->anybody())
        return "cors-credentials: browsers do not send credentials to a server that allows *; name the origins in "
               "cors-origins";
    return "";
}

RecordingPlaces recording_places(const Config &config) {
    RecordingPlaces places;
    places.directory = config.state_path("recordings");
    places.links = SignedLinks(MasterKey::parse(config.text("master-key"))->derive("rostrum recording links 1"),
                               config.count("recording-link-lifetime"));
    places.s3 = {config.text("s3-endpoint"),
                 config.text("s3-bucket"),
                 config.text("s3-region"),
                 config.text("s3-access-key-id"),
                 config.text("s3-secret-access-key"),
                 config.text("s3-prefix"),
                 config.flag("s3-keep-local")};
    places.split_ms = int64_t(config.count("recording-split-minutes")) * 60'000;
    places.split_bytes = int64_t(config.count("recording-split-mib")) << 20;
    return places;
}

LiveSettings live_settings(const Config &config, const std::string &session_binary) {
    LiveSettings settings;
    settings.launch = {session_binary,
                       config.text("runtime") + "/sessions",
                       config.state_path("logs"),
                       config.text("public-address"),
                       config.text("port-range"),
                       config.flag("ice-tcp"),
                       config.count("shards") ? config.count("shards") : default_shards(),
                       config.count("max-participants"),
                       config.text("slate-text"),
                       config.count("slate-grace") * 1000,
                       config.count("slate-time") * 1000,
                       config.flag("allow-private-destinations")};
    settings.recordings = recording_places(config);
    settings.hls = {config.state_path("hls"), config.count("hls-dvr-minutes") * 60'000, config.flag("hls-keep")};
    settings.public_url = config.text("public-url");
    settings.region = config.text("region");
    settings.empty_timeout_ms = config.count("empty-timeout") * 1000;
    settings.auto_close_unit_ms = config.flag("auto-close-in-seconds") ? 1000 : 60000;
    settings.max_participants = config.count("max-participants");
    settings.max_sessions = config.count("max-sessions");
    return settings;
}

WebhookSettings webhook_settings(const Config &config) {
    constexpr int64_t kHourMs = 3'600'000;
    WebhookSettings settings;
    settings.secrets = config.text("webhook-secret");
    settings.signing_key = config.text("webhook-key");
    settings.trusted_url = config.text("webhook-url");
    settings.policy.max_age_ms = config.count("webhook-max-age-hours") * kHourMs;
    settings.policy.allow_private = config.flag("allow-private-destinations");
    settings.retention = {config.count("webhook-history-hours") * kHourMs,
                          config.count("webhook-dead-letter-days") * 24 * kHourMs, config.count("webhook-history")};
    return settings;
}

HttpLimits http_limits(const Config &config) {
    HttpLimits limits;
    limits.request_timeout_ms = config.count("request-timeout") * 1000;
    limits.idle_timeout_s = std::max(1u, config.count("idle-timeout"));
    limits.connections = config.count("max-connections");
    limits.connections_per_address = config.count("max-connections-per-address");
    limits.unlimited = *Networks::parse(config.text("unlimited-addresses"));
    rlimit files{};
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) // a reply may need a file of its own
        limits.connections = std::min<size_t>(limits.connections, files.rlim_cur / 2);
    return limits;
}

HttpPolicy http_policy(const Config &config) {
    HttpPolicy policy;
    policy.cors = *Cors::parse(config.text("cors-origins"));
    policy.cors.credentials = config.flag("cors-credentials");
    policy.cors.max_age_s = config.count("cors-max-age");
    policy.proxies = {*Networks::parse(config.text("trusted-proxies")),
                      config.text("proxy-headers") == "forwarded" ? ProxyHeaders::Forwarded : ProxyHeaders::XForwarded};
    return policy;
}

RateBudgets rate_budgets(const Config &config) {
    return {*parse_budget(config.text("requests-per-address")), *parse_budget(config.text("failures-per-address")),
            *parse_budget(config.text("requests-per-key")), *Networks::parse(config.text("unlimited-addresses"))};
}

/// The whole server, in order of who needs whom. Thread-bound: main thread.
class Server {
  public:
    Server(const Config &config, const std::string &session_binary, const std::string &job_binary)
        : config_(config), store_(config.state_path("rostrum.db")), keys_(store_.api_keys, config),
          rates_(rate_budgets(config)), tls_(config.text("tls-certificate"), config.text("tls-key")),
          outbox_(store_, webhook_settings(config)), webhook_secrets_(outbox_, config.state_path("rostrum.conf")),
          webhooks_(outbox_, config.text("webhook-url")), hls_(store_),
          pool_(store_, webhooks_, config.count("max-compositions")), services_{live_settings(config, session_binary),
                                                                                store_, webhooks_, hls_},
          queue_(store_.jobs,
                 {job_binary, config.state_path("logs/jobs.log"), std::max(1u, config.count("job-processes"))}),
          recording_jobs_(store_, queue_, webhooks_, services_.settings.recordings, services_.settings.public_url),
          sessions_(services_), api_{store_,
                                     sessions_,
                                     keys_,
                                     rates_,
                                     rsa_public_key(config.text("webhook-key")),
                                     {parse_ice_servers(config.text("ice-servers")).servers, config.text("turn-secret"),
                                      config.count("turn-lifetime")}} {
        services_.recording_jobs = &recording_jobs_;
        services_.parse_recording = parse_recording;
        services_.pool = &pool_;
        recording_jobs_.tell = [this](const std::string &session, const char *event, const Json &data) {
            if (LiveSession *live = sessions_.find(session))
                live->tell(event, data);
        };
        router_.set_doorkeeper(
            [this](const Route &route, const ExchangePtr &exchange) { return idempotency_.answer(route, exchange); });
        add_room_routes(router_, api_);
        add_session_routes(router_, api_);
        add_stats_routes(router_, api_);
        add_chat_routes(router_, api_);
        add_composition_routes(router_, api_);
        add_livestream_routes(router_, api_);
        add_merge_routes(router_, api_);
        add_recording_routes(router_, api_);
        add_hls_routes(router_, api_);
        add_resource_routes(router_, api_);
        add_hls_file_routes(router_, api_);
        add_webrtc_routes(router_, api_);
        add_whep_event_routes(router_, api_);
        add_event_routes(router_, api_);
        add_page_routes(router_, api_);
        add_absent_routes(router_);
        add_webhook_routes(router_, api_, outbox_, webhook_secrets_);
        add_operation_routes(router_, api_, http_, outbox_);
        add_openapi_routes(router_, api_);
    }

    /// Returns an error text or "".
    std::string start() {
        http_server_ = std::make_unique<HttpServer>(router_, store_.database, rates_, tls_, http_limits(config_),
                                                    http_policy(config_));
        http_ = http_server_.get();
        if (std::string error = listen(); !error.empty())
            return error;
        if (services_.settings.public_url.empty()) {
            services_.settings.public_url = http_server_->uris().front();
            http_server_->set_own_origin(services_.settings.public_url);
        }
        if (std::string error = outbox_.start(); !error.empty())
            return error;
        pool_.recover();
        sessions_.recover();
        recording_jobs_.recover();
        queue_.recover();
        history_cleaner_.keep(config_.count("history-days"));
        for (const auto &uri : http_server_->uris())
            std::printf("listening %s\n", uri.c_str());
        std::fflush(stdout);
        return "";
    }

    void run_until_signalled() {
        loop_ = g_main_loop_new(nullptr, FALSE);
        for (const int signal : {SIGTERM, SIGINT})
            g_unix_signal_add(
                signal,
                [](gpointer data) -> gboolean {
                    static_cast<Server *>(data)->stop();
                    return G_SOURCE_CONTINUE;
                },
                this);
        if (tls_.context())
            g_unix_signal_add(
                SIGHUP,
                [](gpointer data) -> gboolean {
                    static_cast<Server *>(data)->tls_.reload();
                    return G_SOURCE_CONTINUE;
                },
                this);
        g_main_loop_run(loop_);
        g_main_loop_unref(loop_);
        guarded([this] { store_.database.flush(); }); // who waits for that is still there
    }

  private:
    std::string listen() {
        if (config_.has("tls-certificate") && config_.has("tls-key"))
            if (std::string error = tls_.load(); !error.empty())
                return error;
        for (const auto &url : split_list(config_.text("listen")))
            if (std::string error = http_server_->listen(url); !error.empty())
                return error;
        return "";
    }

    /// A second signal does not wait for the sessions.
    void stop() {
        if (!config_.flag("end-sessions-on-exit") || sessions_.empty() || stopping_.active())
            return g_main_loop_quit(loop_);
        sessions_.end_all(leave_reason::kEnded);
        const int64_t deadline = g_get_monotonic_time() / 1000 + kEndAllMs;
        stopping_.every(20, [this, deadline] {
            if (sessions_.empty() || g_get_monotonic_time() / 1000 > deadline)
                g_main_loop_quit(loop_);
        });
    }

    const Config &config_;
    Store store_;
    ApiKeys keys_;
    RateLimits rates_;
    TlsFiles tls_;
    WebhookOutbox outbox_;
    WebhookSecrets webhook_secrets_;
    Webhooks webhooks_;
    HistoryCleaner history_cleaner_{store_.database};
    HlsStreams hls_;
    ResourcePool pool_;
    LiveServices services_;
    JobQueue queue_;
    RecordingJobs recording_jobs_;
    Sessions sessions_;
    Api api_;
    Idempotency idempotency_{api_};
    Router router_;
    std::unique_ptr<HttpServer> http_server_;
    const HttpServer *http_ = nullptr;
    GMainLoop *loop_ = nullptr;
    Timer stopping_;
};

} // namespace

int run_serve(const Arguments &arguments) {
    ConfigResult result = read_config(arguments);
    for (const auto &word : result.arguments)
        result.errors.push_back("'" + word + "' is not an option; `rostrum help serve` lists them");
    const std::string session_binary = find_session_binary();
    if (session_binary.empty())
        result.errors.push_back("rostrum-session is neither beside this program nor installed; name it in "
                                "ROSTRUM_SESSION_BINARY");
    const std::string job_binary = find_job_binary();
    if (job_binary.empty())
        result.errors.push_back(
            "rostrum-job is neither beside this program nor installed; name it in ROSTRUM_JOB_BINARY");
    if (std::string fault = fault_between(result.config); !fault.empty())
        result.errors.push_back(std::move(fault));
    if (!result.errors.empty())
        return report_config_errors(result.errors);

    ::umask(077);
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN); // a limit on files is a full disk, not an end
    raise_file_limit();
    Config &config = result.config;
    std::string error = ensure_keys(config);
    if (error.empty())
        error = make_directories(config);
    FileLock lock(config.state_path("serve.lock"));
    if (error.empty() && !lock.take(kFormerServeMs))
        error = config.text("state") + ": another `rostrum serve` runs with this state directory; stop it, or choose "
                                       "another directory with --state";
    if (!error.empty())
        return report_config_errors({error});
    set_plugin_path();
    try {
        Server server(config, session_binary, job_binary);
        error = server.start();
        if (error.empty())
            server.run_until_signalled();
    } catch (const std::runtime_error &failure) { // of the database or of its keys
        error = failure.what();
    }
    if (!error.empty())
        std::fprintf(stderr, "rostrum: %s\n", error.c_str());
    return error.empty() ? 0 : 1;
}

} // namespace rostrum
