// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/live/session_process.h"

#include "tools/rostrum/base/config.h"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <gio/gunixsocketaddress.h>
#include <glib-unix.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace rostrum {
namespace {

constexpr char kObjectPath[] = "/org/rostrum/Session";
constexpr unsigned kStartDeadlineMs = 30000; // the first start on a machine scans every GStreamer plugin
constexpr int kCallTimeoutMs = 20000;
constexpr int kReadyFd = 3;

Refusal unavailable(const std::string &why) {
    return {503, 503, why, 1};
}

/// Maps org.rostrum.Error.* and a broken connection. Frees the error.
Refusal refusal_of(GError *error) {
    static const struct {
        const char *name;
        int status;
    } kNames[] = {{"org.rostrum.Error.BadRequest", 400},    {"org.rostrum.Error.NotFound", 404},
                  {"org.rostrum.Error.NotAcceptable", 406}, {"org.rostrum.Error.PreconditionFailed", 412},
                  {"org.rostrum.Error.Unprocessable", 422}, {"org.rostrum.Error.Full", 503},
                  {"org.rostrum.Error.Failed", 500}};
    const std::string remote =
        g_dbus_error_is_remote_error(error) ? take_string(g_dbus_error_get_remote_error(error)) : "";
    const bool broken = remote.empty();
    const std::string text = take_error(error);
    for (const auto &[name, status] : kNames)
        if (remote == name)
            return {status, status, text, status == 503 ? 5u : 0u};
    return broken ? unavailable("the session is restarting") : Refusal{500, text};
}

int peer_pid(GSocketConnection *connection) {
    GSocket *socket = g_socket_connection_get_socket(connection);
    const auto credentials = ObjectRef<GCredentials>::adopt(g_socket_get_credentials(socket, nullptr));
    return credentials ? g_credentials_get_unix_pid(credentials.get(), nullptr) : 0;
}

bool was_cancelled(GError *error) {
    return g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

std::vector<MinuteRow> read_minutes(GVariant *minutes) {
    std::vector<MinuteRow> rows;
    GVariantIter iter;
    const char *participant = nullptr;
    gint64 minute = 0;
    GVariant *numbers = nullptr;
    g_variant_iter_init(&iter, minutes);
    while (g_variant_iter_loop(&iter, "(&sx@ax)", &participant, &minute, &numbers)) {
        MinuteRow &row = rows.emplace_back(MinuteRow{participant, minute, {}});
        gsize count = 0;
        const auto *values = static_cast<const gint64 *>(g_variant_get_fixed_array(numbers, &count, sizeof(gint64)));
        std::copy_n(values, std::min<size_t>(count, row.report.values.size()), row.report.values.begin());
    }
    return rows;
}

} // namespace

SessionProcess::SessionProcess(const LaunchSettings &settings, std::string room_id, std::string session_id,
                               SessionProcessObserver &observer)
    : settings_(settings), room_id_(std::move(room_id)), session_id_(std::move(session_id)), observer_(observer) {}

SessionProcess::~SessionProcess() {
    disconnect();
    refuse_calls(std::move(waiting_), unavailable("the session has ended"));
}

void SessionProcess::spawn() {
    disconnect();
    attempt_ = ObjectRef<GCancellable>::adopt(g_cancellable_new());
    ::unlink(socket_path().c_str());
    int fds[2];
    std::string error;
    if (!g_unix_open_pipe(fds, FD_CLOEXEC, nullptr)) {
        deadline_.once(0, [this] { lose("no file descriptor is left"); });
    } else if (!launch(fds[1], &error)) {
        ::close(fds[0]);
        deadline_.once(0, [this, error] { lose(error); });
    } else {
        await_ready_byte(fds[0]);
    }
}

/// Takes over `ready_write_fd`.
bool SessionProcess::launch(int ready_write_fd, std::string *error) {
    const auto launcher = ObjectRef<GSubprocessLauncher>::adopt(g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_NONE));
    g_subprocess_launcher_take_fd(launcher.get(), ready_write_fd, kReadyFd);
    const std::string log = log_path();
    for (auto take : {g_subprocess_launcher_take_stdout_fd, g_subprocess_launcher_take_stderr_fd})
        take(launcher.get(), ::open(log.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
    for (const auto &key : config_keys())
        if (key.secret)
            g_subprocess_launcher_unsetenv(launcher.get(), environment_name(key.name).c_str());
    // Its own session: neither a signal to our process group nor our end reaches it.
    g_subprocess_launcher_set_child_setup(
        launcher.get(), [](gpointer) { ::setsid(); }, nullptr, nullptr);

    const std::string ready_fd = std::to_string(kReadyFd), path = socket_path();
    const std::string shards = std::to_string(settings_.shards), viewers = std::to_string(settings_.max_viewers);
    const std::string grace = std::to_string(settings_.slate_grace_ms), time = std::to_string(settings_.slate_time_ms);
    std::vector<const char *> arguments = {settings_.binary.c_str(),
                                           "--socket",
                                           path.c_str(),
                                           "--room",
                                           room_id_.c_str(),
                                           "--session",
                                           session_id_.c_str(),
                                           "--public-address",
                                           settings_.public_address.c_str(),
                                           "--shards",
                                           shards.c_str(),
                                           "--max-viewers",
                                           viewers.c_str(),
                                           "--slate-text",
                                           settings_.slate_text.c_str(),
                                           "--slate-grace",
                                           grace.c_str(),
                                           "--slate-time",
                                           time.c_str(),
                                           "--ready-fd",
                                           ready_fd.c_str()};
    if (!settings_.port_range.empty())
        arguments.insert(arguments.end(), {"--port-range", settings_.port_range.c_str()});
    if (settings_.ice_tcp)
        arguments.push_back("--ice-tcp");
    if (settings_.allow_private)
        arguments.push_back("--allow-private");
    arguments.push_back(nullptr);
    GError *failure = nullptr;
    child_ = ObjectRef<GSubprocess>::adopt(g_subprocess_launcher_spawnv(launcher.get(), arguments.data(), &failure));
    if (!child_)
        *error = take_error(failure);
    return bool(child_);
}

void SessionProcess::await_ready_byte(int ready_read_fd) {
    ready_fd_ = ready_read_fd;
    auto on_ready = [](gint fd, GIOCondition, gpointer data) -> gboolean {
        auto *self = static_cast<SessionProcess *>(data);
        char byte;
        const bool ready = ::read(fd, &byte, 1) == 1;
        self->ready_source_ = 0;
        ::close(std::exchange(self->ready_fd_, -1));
        if (ready)
            self->connect();
        else
            self->lose("the session process did not start; see its log");
        return G_SOURCE_REMOVE;
    };
    ready_source_ =
        g_unix_fd_add(ready_read_fd, static_cast<GIOCondition>(G_IO_IN | G_IO_HUP | G_IO_ERR), on_ready, this);
    deadline_.once(kStartDeadlineMs, [this] { lose("the session process did not get ready in time"); });
}

void SessionProcess::adopt() {
    disconnect();
    attempt_ = ObjectRef<GCancellable>::adopt(g_cancellable_new());
    deadline_.once(kStartDeadlineMs, [this] { lose("the session process does not answer"); });
    connect();
}

void SessionProcess::connect() {
    const auto client = ObjectRef<GSocketClient>::adopt(g_socket_client_new());
    const auto address = ObjectRef<GSocketAddress>::adopt(g_unix_socket_address_new(socket_path().c_str()));
    auto on_connected = [](GObject *source, GAsyncResult *result, gpointer data) {
        GError *error = nullptr;
        const auto connection = ObjectRef<GSocketConnection>::adopt(
            g_socket_client_connect_finish(G_SOCKET_CLIENT(source), result, &error));
        if (error && was_cancelled(error))
            return g_error_free(error);
        auto *self = static_cast<SessionProcess *>(data);
        if (connection)
            self->authenticate(connection.get());
        else
            self->lose(take_error(error));
    };
    g_socket_client_connect_async(client.get(), G_SOCKET_CONNECTABLE(address.get()), attempt_.get(), on_connected,
                                  this);
}

void SessionProcess::authenticate(GSocketConnection *connection) {
    pid_ = peer_pid(connection);
    auto on_authenticated = [](GObject *, GAsyncResult *result, gpointer data) {
        GError *error = nullptr;
        const auto bus = ObjectRef<GDBusConnection>::adopt(g_dbus_connection_new_finish(result, &error));
        if (error && was_cancelled(error))
            return g_error_free(error);
        auto *self = static_cast<SessionProcess *>(data);
        if (!bus) {
            self->pid_ = 0; // it may be gone
            return self->lose(take_error(error));
        }
        self->connection_ = bus;
        g_dbus_connection_set_exit_on_close(bus.get(), FALSE);
        g_signal_connect_swapped(bus.get(), "closed",
                                 G_CALLBACK(+[](SessionProcess *process) { process->connection_closed(); }), self);
        self->open_proxy();
    };
    g_dbus_connection_new(G_IO_STREAM(connection), nullptr, G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT, nullptr,
                          attempt_.get(), on_authenticated, this);
}

void SessionProcess::open_proxy() {
    auto on_proxy = [](GObject *, GAsyncResult *result, gpointer data) {
        GError *error = nullptr;
        const auto proxy = ObjectRef<RostrumSession1>::adopt(rostrum_session1_proxy_new_finish(result, &error));
        if (error && was_cancelled(error))
            return g_error_free(error);
        auto *self = static_cast<SessionProcess *>(data);
        if (!proxy)
            return self->lose(take_error(error));
        self->proxy_ = proxy;
        self->bind_signals();
        self->take_snapshot();
    };
    rostrum_session1_proxy_new(connection_.get(), G_DBUS_PROXY_FLAGS_DO_NOT_LOAD_PROPERTIES, nullptr, kObjectPath,
                               attempt_.get(), on_proxy, this);
}

/// After the signals are bound: what changes later than the snapshot arrives as a signal.
void SessionProcess::take_snapshot() {
    send({"Snapshot", nullptr, [this, attempt = attempt_](std::variant<GVariant *, Refusal> answer) {
              if (g_cancellable_is_cancelled(attempt.get()))
                  return;
              if (auto *refusal = std::get_if<Refusal>(&answer))
                  return lose(refusal->message);
              const char *text = nullptr;
              g_variant_get(std::get<GVariant *>(answer), "(&s)", &text);
              become_ready(parse_json(text).value_or(Json::object()));
          }});
}

void SessionProcess::become_ready(const Json &snapshot) {
    deadline_.cancel();
    ready_ = true;
    guarded([&] { observer_.process_ready(snapshot); });
    for (auto &call : std::exchange(waiting_, {}))
        send(std::move(call));
}

void SessionProcess::bind_signals() {
    using Text = const char *;
    auto bind = [this](const char *signal, GCallback callback) {
        g_signal_connect_swapped(proxy_.get(), signal, callback, this);
    };
    bind("peer-changed", G_CALLBACK(+[](SessionProcess *self, Text resource, Text participant, Text role, Text feed,
                                        Text state, Text reason) {
             guarded([&] { self->observer_.peer_changed({resource, participant, role, feed, state, reason}); });
         }));
    bind("quality-changed", G_CALLBACK(+[](SessionProcess *self, Text, Text participant, Text feed, Text quality) {
             guarded([&] {
                 self->observer_.quality_changed(participant, feed, parse_json(quality).value_or(Json::object()));
             });
         }));
    bind("feed-changed", G_CALLBACK(+[](SessionProcess *self, Text participant, Text feed, Text kind, Text state) {
             guarded([&] { self->observer_.feed_changed(participant, feed, kind, state); });
         }));
    bind("program-changed",
         G_CALLBACK(+[](SessionProcess *self, Text mode) { guarded([&] { self->observer_.program_changed(mode); }); }));
    bind("speaker-changed", G_CALLBACK(+[](SessionProcess *self, Text participant) {
             guarded([&] { self->observer_.speaker_changed(participant); });
         }));
    bind(
        "output-changed", G_CALLBACK(+[](SessionProcess *self, Text livestream, Text output, Text state, Text details) {
            guarded([&] {
                self->observer_.output_changed(livestream, output, state, parse_json(details).value_or(Json::object()));
            });
        }));
    bind("recording-changed", G_CALLBACK(+[](SessionProcess *self, Text recording, Text state, Text details) {
             guarded([&] {
                 self->observer_.recording_changed(recording, state, parse_json(details).value_or(Json::object()));
             });
         }));
    bind("hls-changed", G_CALLBACK(+[](SessionProcess *self, Text hls, Text state, Text details) {
             guarded([&] { self->observer_.hls_changed(hls, state, parse_json(details).value_or(Json::object())); });
         }));
    bind("hls-grown",
         G_CALLBACK(+[](SessionProcess *self, Text hls) { guarded([&] { self->observer_.hls_grown(hls); }); }));
    bind("statistics", G_CALLBACK(+[](SessionProcess *self, GVariant *minutes) {
             guarded([&] { self->observer_.statistics(read_minutes(minutes)); });
         }));
    bind("ended", G_CALLBACK(+[](SessionProcess *self, Text reason) {
             self->ended_ = true;
             self->end_reason_ = reason;
         }));
}

void SessionProcess::connection_closed() {
    if (!ended_)
        return lose("the session process crashed");
    disconnect();
    struct stat status {};
    if (::stat(log_path().c_str(), &status) == 0 && status.st_size == 0)
        ::unlink(log_path().c_str());
    guarded([&] { observer_.process_ended(end_reason_); });
}

void SessionProcess::lose(const std::string &why) {
    kill();
    disconnect();
    refuse_calls(std::exchange(waiting_, {}), unavailable(why));
    guarded([&] { observer_.process_lost(why); });
}

void SessionProcess::kill() {
    if (child_)
        g_subprocess_force_exit(child_.get());
    else if (pid_ > 0 && (!connection_ || !g_dbus_connection_is_closed(connection_.get())))
        ::kill(pid_, SIGKILL); // a connection that is open, or still says nothing, proves that the id is this process
}

void SessionProcess::disconnect() {
    if (attempt_)
        g_cancellable_cancel(attempt_.get());
    if (ready_source_)
        g_source_remove(std::exchange(ready_source_, 0));
    if (ready_fd_ >= 0)
        ::close(std::exchange(ready_fd_, -1));
    if (proxy_)
        g_signal_handlers_disconnect_by_data(proxy_.get(), this);
    if (connection_) {
        g_signal_handlers_disconnect_by_data(connection_.get(), this);
        g_dbus_connection_close(connection_.get(), nullptr, nullptr, nullptr);
    }
    deadline_.cancel();
    attempt_.reset();
    proxy_.reset();
    connection_.reset();
    child_.reset();
    pid_ = 0;
    ready_ = ended_ = false;
}

void SessionProcess::call(Call call) {
    if (ready_)
        send(std::move(call));
    else
        waiting_.push_back(std::move(call));
}

void SessionProcess::send(Call call) {
    auto on_reply = [](GObject *source, GAsyncResult *result, gpointer data) {
        const std::unique_ptr<Answer> answer(static_cast<Answer *>(data));
        GError *error = nullptr;
        GVariant *value = g_dbus_proxy_call_finish(G_DBUS_PROXY(source), result, &error);
        guarded([&] { value ? (*answer)(value) : (*answer)(refusal_of(error)); });
        if (value)
            g_variant_unref(value);
    };
    // Not bound to the attempt: whoever waits for the reply gets one even when this object is gone.
    g_dbus_proxy_call(G_DBUS_PROXY(proxy_.get()), call.method, call.arguments, G_DBUS_CALL_FLAGS_NONE, kCallTimeoutMs,
                      nullptr, on_reply, new Answer(std::move(call.answer)));
}

void SessionProcess::refuse_calls(std::vector<Call> calls, const Refusal &refusal) {
    for (auto &call : calls) {
        if (call.arguments)
            g_variant_unref(g_variant_ref_sink(call.arguments));
        guarded([&] { call.answer(refusal); });
    }
}

namespace {

template <class T, class Read> auto reading(Reply<T> reply, Read read) {
    return [reply = std::move(reply), read](std::variant<GVariant *, Refusal> answer) {
        if (auto *refusal = std::get_if<Refusal>(&answer))
            reply(*refusal);
        else
            reply(read(std::get<GVariant *>(answer)));
    };
}

Done read_nothing(GVariant *) {
    return {};
}

std::string read_text(GVariant *value) {
    const char *text = nullptr;
    g_variant_get(value, "(&s)", &text);
    return text;
}

GVariant *variant_of(const ViewerLimits &limits) {
    GVariantDict dict;
    g_variant_dict_init(&dict, nullptr);
    if (limits.max_layer)
        g_variant_dict_insert(&dict, "max-layer", "u", *limits.max_layer);
    if (limits.max_bitrate)
        g_variant_dict_insert(&dict, "max-bitrate", "u", *limits.max_bitrate);
    return g_variant_dict_end(&dict);
}

Negotiated read_negotiated(GVariant *value) {
    const char *resource = nullptr, *answer = nullptr;
    g_variant_get(value, "(&s&s)", &resource, &answer);
    return {resource, answer};
}

} // namespace

void SessionProcess::set_state(const std::string &state, Reply<Done> reply) {
    call({"SetState", g_variant_new("(s)", state.c_str()), reading(std::move(reply), read_nothing)});
}

void SessionProcess::check_layout(const std::string &layout, Reply<Done> reply) {
    call({"CheckLayout", g_variant_new("(s)", layout.c_str()), reading(std::move(reply), read_nothing)});
}

void SessionProcess::publish(const std::string &participant, const std::string &name, const std::string &offer,
                             Reply<Negotiated> reply) {
    call({"Publish", g_variant_new("(sss)", participant.c_str(), name.c_str(), offer.c_str()),
          reading(std::move(reply), read_negotiated)});
}

void SessionProcess::play(const std::string &participant, const std::string &feed, const std::string &offer,
                          const ViewerLimits &limits, Reply<Negotiated> reply) {
    call({"Play", g_variant_new("(sss@a{sv})", participant.c_str(), feed.c_str(), offer.c_str(), variant_of(limits)),
          reading(std::move(reply), read_negotiated)});
}

void SessionProcess::limit(const std::string &resource, const ViewerLimits &limits, Reply<Done> reply) {
    call({"Limit", g_variant_new("(s@a{sv})", resource.c_str(), variant_of(limits)),
          reading(std::move(reply), read_nothing)});
}

void SessionProcess::patch(const std::string &resource, const std::string &wanted_tag, const std::string &fragment,
                           Reply<std::string> reply) {
    call({"Patch", g_variant_new("(sss)", resource.c_str(), wanted_tag.c_str(), fragment.c_str()),
          reading(std::move(reply), read_text)});
}

void SessionProcess::remove(const std::string &resource, const std::string &reason, Reply<Done> reply) {
    call({"Remove", g_variant_new("(ss)", resource.c_str(), reason.c_str()), reading(std::move(reply), read_nothing)});
}

void SessionProcess::end(const std::string &reason, Reply<Done> reply) {
    call({"End", g_variant_new("(s)", reason.c_str()), reading(std::move(reply), read_nothing)});
}

void SessionProcess::graph(const std::string &format, Reply<std::string> reply) {
    call({"Graph", g_variant_new("(s)", format.c_str()), reading(std::move(reply), read_text)});
}

} // namespace rostrum
