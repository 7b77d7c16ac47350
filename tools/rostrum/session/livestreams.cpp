// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livestreams.h"

#include "json_text.h"

#include <algorithm>
#include <utility>

namespace rostrum::session {

namespace {

constexpr struct {
    const char *field, *member;
} kNumbers[] = {{"bytes", "bytes"},           {"bitrate", "bitrate"}, {"attempts", "attempts"},
                {"reconnects", "reconnects"}, {"dropped", "dropped"}, {"retry-in", "retryInMs"}};

/// Of a message of the element, or of a destination in its stats.
std::string details_of(const GstStructure *message) {
    JsonText json;
    for (const auto &[field, member] : kNumbers) {
        const GValue *value = gst_structure_get_value(message, field);
        GValue number = G_VALUE_INIT;
        g_value_init(&number, G_TYPE_INT64);
        if (value && g_value_transform(value, &number))
            json.add(member, static_cast<int64_t>(g_value_get_int64(&number)));
    }
    if (const char *error = gst_structure_get_string(message, "error"); error && *error)
        json.add("error", error);
    return json.text();
}

} // namespace

void Livestreams::set_state(const std::string &output, const std::string &state, const std::string &details) {
    Entry &entry = entries_[output];
    entry.state = state;
    entry.details = details;
    changed_(entry.livestream, output, state, details);
}

void Livestreams::sync(GstElement *egress, const std::vector<Destination> &wanted) {
    if (egress != egress_.get()) {
        egress_ = ref(egress);
        added_.clear();
        if (egress)
            g_signal_connect(egress, "destination-removed", G_CALLBACK(on_removed), this);
    }
    if (!egress) {
        numbers_.stop();
        return;
    }
    if (!numbers_.active())
        numbers_.start(kNumbersMs, [this] {
            tell_numbers();
            return true;
        });
    for (auto it = added_.begin(); it != added_.end();) {
        if (std::find(wanted.begin(), wanted.end(), it->second) != wanted.end()) {
            ++it;
            continue;
        }
        g_signal_emit_by_name(egress, "remove-destination", it->first.c_str());
        it = added_.erase(it);
    }
    for (const auto &destination : wanted)
        if (!added_.count(destination.id))
            add(egress, destination);
}

void Livestreams::add(GstElement *egress, const Destination &destination) {
    entries_[destination.id].livestream = destination.livestream;
    added_[destination.id] = destination;
    gboolean accepted = FALSE;
    g_signal_emit_by_name(egress, "add-destination", destination.id.c_str(), destination.url.c_str(),
                          destination.stream_key.c_str(), &accepted);
    if (!accepted)
        set_state(destination.id, "failed", JsonText().add("error", "the address is not accepted").text());
}

void Livestreams::on_message(GstObject *source, const GstStructure *message) {
    const char *id = gst_structure_get_string(message, "id");
    const char *state = gst_structure_get_string(message, "state");
    if (!id || !state || !entries_.count(id))
        return;
    const bool draining = draining_ && GST_OBJECT(draining_->egress.get()) == source;
    if (GST_OBJECT(egress_.get()) != source && !draining)
        return;
    if (entries_[id].state != "stopped" || !g_str_equal(state, "stopped"))
        set_state(id, state, details_of(message));
    if (draining && g_str_equal(state, "stopped"))
        ended(draining_->egress.get(), id);
}

/// What grows while a destination stays live.
void Livestreams::tell_numbers() {
    GstStructure *stats = nullptr;
    g_object_get(egress_.get(), "stats", &stats, nullptr);
    if (!stats)
        return;
    const std::unique_ptr<GstStructure, decltype(&gst_structure_free)> owned(stats, gst_structure_free);
    const GValue *list = gst_structure_get_value(stats, "destinations");
    for (guint i = 0; list && i < gst_value_array_get_size(list); i++) {
        const GstStructure *each = gst_value_get_structure(gst_value_array_get_value(list, i));
        const char *id = gst_structure_get_string(each, "id");
        const auto entry = entries_.find(id ? id : "");
        if (entry == entries_.end() || entry->second.state != "live")
            continue;
        if (const std::string details = details_of(each); details != entry->second.details)
            set_state(entry->first, entry->second.state, details);
    }
}

void Livestreams::on_removed(GstElement *egress, const char *output, gpointer data) {
    auto *self = static_cast<Livestreams *>(data);
    post_to_main(self->alive_, [self, kept = std::shared_ptr<GstElement>(ref(egress)), id = std::string(output)] {
        self->ended(kept.get(), id);
    });
}

void Livestreams::ended(GstElement *egress, const std::string &output) {
    const auto entry = entries_.find(output);
    if (entry != entries_.end() && entry->second.state != "stopped" && !added_.count(output))
        set_state(output, "stopped", entry->second.details);
    if (!draining_ || draining_->egress.get() != egress)
        return;
    draining_->left.erase(output);
    if (!draining_->left.empty())
        return;
    const auto finished = std::move(draining_); // its owner goes away in done()
    finished->done();
}

bool Livestreams::drain(GstElement *egress, std::function<void()> done) {
    if (egress != egress_.get() || added_.empty())
        return false;
    auto draining = std::make_unique<Draining>();
    numbers_.stop();
    draining->egress = std::move(egress_);
    draining->done = std::move(done);
    for (const auto &[id, destination] : std::exchange(added_, {}))
        draining->left.insert(id);
    const std::set<std::string> ids = draining->left;
    draining_ = std::move(draining);
    draining_->deadline.start(kDrainMs, [this] {
        const auto late = std::move(draining_);
        for (const auto &id : late->left)
            set_state(id, "stopped", entries_[id].details);
        late->done();
        return false;
    });
    for (const auto &id : ids)
        g_signal_emit_by_name(egress, "remove-destination", id.c_str());
    return true;
}

void Livestreams::forget(GstElement *egress) {
    g_signal_handlers_disconnect_by_data(egress, this);
    if (egress_.get() == egress) {
        egress_.reset();
        added_.clear();
        numbers_.stop();
    }
}

} // namespace rostrum::session
