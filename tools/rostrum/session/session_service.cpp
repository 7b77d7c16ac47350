// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "session_service.h"

#include "layout_check.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace rostrum::session {

namespace {

constexpr const char *kObjectPath = "/org/rostrum/Session";
constexpr unsigned kOrphanCheckS = 5;
constexpr unsigned kFlushMs = 1000; // a `serve` that does not read must not keep the process

const char *error_name(int code) {
    switch (code) {
    case 400:
        return "org.rostrum.Error.BadRequest";
    case 404:
        return "org.rostrum.Error.NotFound";
    case 406:
    case 415:
        return "org.rostrum.Error.NotAcceptable";
    case 412:
        return "org.rostrum.Error.PreconditionFailed";
    case 422:
        return "org.rostrum.Error.Unprocessable";
    case 503:
        return "org.rostrum.Error.Full";
    default:
        return code >= 400 && code < 500 ? "org.rostrum.Error.BadRequest" : "org.rostrum.Error.Failed";
    }
}

gboolean refuse(GDBusMethodInvocation *invocation, const peerwire::Error &error) {
    g_dbus_method_invocation_return_dbus_error(invocation, error_name(error.code), error.text.c_str());
    return TRUE;
}

/// Those that are named; the rest stays.
void change_limits(ViewerLimits &limits, GVariant *options) {
    g_variant_lookup(options, "max-layer", "u", &limits.max_layer);
    g_variant_lookup(options, "max-bitrate", "u", &limits.max_bitrate);
}

/// Only processes of the same user; the credentials come from the socket.
GDBusAuthObserver *same_user() {
    GDBusAuthObserver *observer = g_dbus_auth_observer_new();
    g_signal_connect(observer, "allow-mechanism",
                     G_CALLBACK(+[](GDBusAuthObserver *, const char *mechanism, gpointer) -> gboolean {
                         return g_str_equal(mechanism, "EXTERNAL");
                     }),
                     nullptr);
    return observer;
}

} // namespace

SessionService::SessionService(const ServiceConfig &config, std::function<void()> quit)
    : config_(config), quit_(std::move(quit)), skeleton_(rostrum_session1_skeleton_new()),
      session_(config.plan, config.slate, *this) {
    rostrum_session1_set_room_id(skeleton_, config.room_id.c_str());
    rostrum_session1_set_session_id(skeleton_, config.session_id.c_str());
    export_methods();
    watch_orphan();
}

std::unique_ptr<SessionService> SessionService::create(const ServiceConfig &config, std::function<void()> quit,
                                                       std::string &error) {
    std::unique_ptr<SessionService> service(new SessionService(config, std::move(quit)));
    return service->listen(error) ? std::move(service) : nullptr;
}

SessionService::~SessionService() {
    *alive_ = false;
    g_signal_handlers_disconnect_by_data(skeleton_, this);
    if (server_) {
        g_dbus_server_stop(server_);
        g_object_unref(server_);
        g_unlink(config_.socket_path.c_str());
    }
    for (GDBusConnection *connection : connections_) {
        g_signal_handlers_disconnect_by_data(connection, this);
        g_dbus_interface_skeleton_unexport_from_connection(G_DBUS_INTERFACE_SKELETON(skeleton_), connection);
        g_dbus_connection_close(connection, nullptr, nullptr, nullptr);
        g_object_unref(connection);
    }
    g_object_unref(skeleton_);
}

bool SessionService::listen(std::string &error) {
    const mode_t mask = umask(0177); // the socket is for this user only
    g_autofree char *escaped = g_dbus_address_escape_value(config_.socket_path.c_str());
    g_autofree char *guid = g_dbus_generate_guid();
    GDBusAuthObserver *observer = same_user();
    g_autoptr(GError) failure = nullptr;
    server_ =
        g_dbus_server_new_sync((std::string("unix:path=") + escaped).c_str(),
                               G_DBUS_SERVER_FLAGS_AUTHENTICATION_REQUIRE_SAME_USER, guid, observer, nullptr, &failure);
    g_object_unref(observer);
    umask(mask);
    if (!server_) {
        error = "cannot listen on " + config_.socket_path + ": " + failure->message;
        return false;
    }
    g_signal_connect(server_, "new-connection", G_CALLBACK(on_connection), this);
    g_dbus_server_start(server_);
    return true;
}

gboolean SessionService::on_connection(GDBusServer *, GDBusConnection *connection, gpointer data) {
    auto *self = static_cast<SessionService *>(data);
    g_autoptr(GError) error = nullptr;
    if (!g_dbus_interface_skeleton_export(G_DBUS_INTERFACE_SKELETON(self->skeleton_), connection, kObjectPath, &error))
        return FALSE;
    g_signal_connect(connection, "closed", G_CALLBACK(on_closed), self);
    self->connections_.insert(G_DBUS_CONNECTION(g_object_ref(connection)));
    return TRUE;
}

void SessionService::on_closed(GDBusConnection *connection, gboolean, GError *, gpointer data) {
    auto *self = static_cast<SessionService *>(data);
    if (self->connections_.erase(connection) == 0)
        return;
    g_signal_handlers_disconnect_by_data(connection, self);
    g_dbus_interface_skeleton_unexport_from_connection(G_DBUS_INTERFACE_SKELETON(self->skeleton_), connection);
    g_object_unref(connection);
}

void SessionService::watch_orphan() {
    const unsigned check_s = std::min(kOrphanCheckS, config_.orphan_timeout_s);
    orphan_timer_.start(check_s * 1000, [this, check_s] {
        orphaned_s_ = connections_.empty() && !session_.has_peers() ? orphaned_s_ + check_s : 0;
        if (orphaned_s_ < config_.orphan_timeout_s)
            return true;
        session_.end("abandoned");
        return false;
    });
}

/// The handlers of the generated skeleton: unpack, ask the session, answer.
void SessionService::export_methods() {
    const auto on = [this](const char *signal, auto handler) {
        g_signal_connect(skeleton_, signal, G_CALLBACK(+handler), &session_);
    };
    on("handle-set-state",
       [](RostrumSession1 *object, GDBusMethodInvocation *call, const char *state, gpointer session) -> gboolean {
           const auto result = static_cast<Session *>(session)->set_state(state);
           if (!result.ok())
               return refuse(call, result.error());
           rostrum_session1_complete_set_state(object, call);
           return TRUE;
       });
    on("handle-check-layout",
       [](RostrumSession1 *object, GDBusMethodInvocation *call, const char *layout, gpointer) -> gboolean {
           const auto result = check_layout(layout);
           if (!result.ok())
               return refuse(call, result.error());
           rostrum_session1_complete_check_layout(object, call);
           return TRUE;
       });
    on("handle-publish",
       [](RostrumSession1 *object, GDBusMethodInvocation *call, const char *participant, const char *name,
          const char *offer, gpointer session) -> gboolean {
           const auto result = static_cast<Session *>(session)->publish(participant, name, offer);
           if (!result.ok())
               return refuse(call, result.error());
           rostrum_session1_complete_publish(object, call, result.value().resource.c_str(), result.value().sdp.c_str());
           return TRUE;
       });
    on("handle-play",
       [](RostrumSession1 *object, GDBusMethodInvocation *call, const char *participant, const char *feed,
          const char *offer, GVariant *options, gpointer session) -> gboolean {
           ViewerLimits limits;
           change_limits(limits, options);
           const auto result = static_cast<Session *>(session)->play(participant, feed, offer, limits);
           if (!result.ok())
               return refuse(call, result.error());
           rostrum_session1_complete_play(object, call, result.value().resource.c_str(), result.value().sdp.c_str());
           return TRUE;
       });
    on("handle-patch",
       [](RostrumSession1 *object, GDBusMethodInvocation *call, const char *resource, const char *wanted_tag,
          const char *fragment, gpointer session) -> gboolean {
           const auto result = static_cast<Session *>(session)->patch(resource, wanted_tag, fragment);
           if (!result.ok())
               return refuse(call, result.error());
           rostrum_session1_complete_patch(object, call, result.value().c_str());
           return TRUE;
       });
    on("handle-limit",
       [](RostrumSession1 *object, GDBusMethodInvocation *call, const char *resource, GVariant *options,
          gpointer session) -> gboolean {
           const auto result = static_cast<Session *>(session)->limit(
               resource, [options](ViewerLimits &limits) { change_limits(limits, options); });
           if (!result.ok())
               return refuse(call, result.error());
           rostrum_session1_complete_limit(object, call);
           return TRUE;
       });
    on("handle-remove",
       [](RostrumSession1 *object, GDBusMethodInvocation *call, const char *resource, const char *reason,
          gpointer session) -> gboolean {
           const auto result = static_cast<Session *>(session)->remove(resource, reason);
           if (!result.ok())
               return refuse(call, result.error());
           rostrum_session1_complete_remove(object, call);
           return TRUE;
       });
    on("handle-end",
       [](RostrumSession1 *object, GDBusMethodInvocation *call, const char *reason, gpointer session) -> gboolean {
           rostrum_session1_complete_end(object, call);
           static_cast<Session *>(session)->end(reason);
           return TRUE;
       });
    on("handle-graph",
       [](RostrumSession1 *object, GDBusMethodInvocation *call, const char *format, gpointer session) -> gboolean {
           const auto result = static_cast<Session *>(session)->graph(format);
           if (!result.ok())
               return refuse(call, result.error());
           rostrum_session1_complete_graph(object, call, result.value().c_str());
           return TRUE;
       });
    on("handle-snapshot", [](RostrumSession1 *object, GDBusMethodInvocation *call, gpointer session) -> gboolean {
        rostrum_session1_complete_snapshot(object, call, static_cast<Session *>(session)->snapshot().c_str());
        static_cast<Session *>(session)->resend_quality();
        return TRUE;
    });
}

void SessionService::peer_changed(const Peer &peer, const char *state, const std::string &reason) {
    rostrum_session1_emit_peer_changed(skeleton_, peer.resource.c_str(), peer.participant.c_str(), peer.role_name(),
                                       peer.feed.c_str(), state, reason.c_str());
}

void SessionService::quality_changed(const Peer &peer, const std::string &quality) {
    rostrum_session1_emit_quality_changed(skeleton_, peer.resource.c_str(), peer.participant.c_str(), peer.feed.c_str(),
                                          quality.c_str());
}

void SessionService::feed_changed(const std::string &participant, const char *kind, const char *state) {
    rostrum_session1_emit_feed_changed(skeleton_, participant.c_str(), participant.c_str(), kind, state);
}

void SessionService::program_changed(ProgramMode mode) {
    rostrum_session1_emit_program_changed(skeleton_, to_string(mode));
}

void SessionService::speaker_changed(const std::string &participant) {
    rostrum_session1_emit_speaker_changed(skeleton_, participant.c_str());
}

void SessionService::output_changed(const std::string &livestream, const std::string &output, const std::string &state,
                                    const std::string &details) {
    rostrum_session1_emit_output_changed(skeleton_, livestream.c_str(), output.c_str(), state.c_str(), details.c_str());
}

void SessionService::recording_changed(const std::string &recording, const char *state, const std::string &details) {
    rostrum_session1_emit_recording_changed(skeleton_, recording.c_str(), state, details.c_str());
}

void SessionService::hls_changed(const std::string &hls, const char *state, const std::string &details) {
    rostrum_session1_emit_hls_changed(skeleton_, hls.c_str(), state, details.c_str());
}

void SessionService::hls_grown(const std::string &hls) {
    rostrum_session1_emit_hls_grown(skeleton_, hls.c_str());
}

void SessionService::statistics(std::span<const MinuteRow> rows) {
    GVariantBuilder builder;
    g_variant_builder_init(&builder, G_VARIANT_TYPE("a(sxax)"));
    for (const MinuteRow &row : rows) {
        GVariant *numbers = g_variant_new_fixed_array(G_VARIANT_TYPE_INT64, row.report.values.data(),
                                                      row.report.values.size(), sizeof(int64_t));
        g_variant_builder_add(&builder, "(sx@ax)", row.participant.c_str(), static_cast<gint64>(row.minute), numbers);
    }
    rostrum_session1_emit_statistics(skeleton_, g_variant_builder_end(&builder));
}

void SessionService::ended(const std::string &reason) {
    rostrum_session1_emit_ended(skeleton_, reason.c_str());
    quit_timer_.start(kFlushMs, [this] {
        quit_once();
        return false;
    });
    const auto left = std::make_shared<size_t>(connections_.size());
    using Pending = std::function<void()>;
    for (GDBusConnection *connection : connections_)
        g_dbus_connection_flush(connection, nullptr, on_flushed, new Pending([this, left, alive = alive_] {
                                    if (--*left == 0 && *alive)
                                        quit_once();
                                }));
    if (*left == 0)
        quit_once();
}

void SessionService::on_flushed(GObject *connection, GAsyncResult *result, gpointer data) {
    const std::unique_ptr<std::function<void()>> pending(static_cast<std::function<void()> *>(data));
    g_dbus_connection_flush_finish(G_DBUS_CONNECTION(connection), result, nullptr);
    (*pending)();
}

void SessionService::quit_once() {
    if (!std::exchange(quitting_, true))
        quit_();
}

} // namespace rostrum::session
