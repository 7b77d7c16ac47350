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

void Livestreams::sync(const std::function<GstElement *(const std::string &)> &find,
                       const std::vector<Destination> &wanted) {
    for (const auto &destination : wanted)
        egresses_.try_emplace(destination.egress);
    bool running = false;
    for (auto &[node, egress] : egresses_) {
        GstElement *element = find(node);
        if (element != egress.element.get()) {
            egress = {ref(element), {}};
            if (element)
                g_signal_connect(element, "destination-removed", G_CALLBACK(on_removed), this);
        }
        if (element)
            sync(node, egress, wanted);
        running |= element != nullptr;
    }
    std::erase_if(egresses_, [](const auto &each) { return !each.second.element; });
    if (!running)
        numbers_.stop();
    else if (!numbers_.active())
        numbers_.start(kNumbersMs, [this] {
            tell_numbers();
            return true;
        });
}

void Livestreams::sync(const std::string &node, Egress &egress, const std::vector<Destination> &wanted) {
    for (auto it = egress.added.begin(); it != egress.added.end();) {
        if (std::find(wanted.begin(), wanted.end(), it->second) != wanted.end()) {
            ++it;
            continue;
        }
        const std::string output = it->first;
        it = egress.added.erase(it);
        g_signal_emit_by_name(egress.element.get(), "remove-destination", output.c_str());
    }
    for (const auto &destination : wanted)
        if (destination.egress == node && !egress.added.count(destination.id))
            add(egress, destination);
}

void Livestreams::add(Egress &egress, const Destination &destination) {
    entries_[destination.id].livestream = destination.livestream;
    egress.added[destination.id] = destination;
    gboolean accepted = FALSE;
    g_signal_emit_by_name(egress.element.get(), "add-destination", destination.id.c_str(), destination.url.c_str(),
                          destination.stream_key.c_str(), &accepted);
    if (!accepted)
        set_state(destination.id, "failed", JsonText().add("error", "the address is not accepted").text());
}

Livestreams::Egress *Livestreams::find(const void *element) {
    for (auto &[node, egress] : egresses_)
        if (egress.element.get() == element)
            return &egress;
    return nullptr;
}

std::list<Livestreams::Draining>::iterator Livestreams::find_draining(const void *element) {
    return std::find_if(draining_.begin(), draining_.end(),
                        [&](const Draining &each) { return each.egress.get() == element; });
}

void Livestreams::on_message(GstObject *source, const GstStructure *message) {
    const char *id = gst_structure_get_string(message, "id");
    const char *state = gst_structure_get_string(message, "state");
    if (!id || !state || !entries_.count(id))
        return;
    const bool draining = find_draining(source) != draining_.end();
    if (!draining && !find(source))
        return;
    if (entries_[id].state != "stopped" || !g_str_equal(state, "stopped"))
        set_state(id, state, details_of(message));
    if (draining && g_str_equal(state, "stopped"))
        ended(GST_ELEMENT(source), id);
}

void Livestreams::tell_numbers() {
    for (const auto &[node, egress] : egresses_)
        tell_numbers(egress.element.get());
}

/// What grows while a destination stays live.
void Livestreams::tell_numbers(GstElement *egress) {
    GstStructure *stats = nullptr;
    g_object_get(egress, "stats", &stats, nullptr);
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
    const bool wanted_again = std::any_of(egresses_.begin(), egresses_.end(),
                                          [&](const auto &each) { return each.second.added.count(output) > 0; });
    if (entry != entries_.end() && entry->second.state != "stopped" && !wanted_again)
        set_state(output, "stopped", entry->second.details);
    const auto draining = find_draining(egress);
    if (draining == draining_.end())
        return;
    draining->left.erase(output);
    if (draining->left.empty())
        finish(draining);
}

/// Its branch goes away.
void Livestreams::finish(std::list<Draining>::iterator draining) {
    std::list<Draining> finished;
    finished.splice(finished.end(), draining_, draining);
    finished.front().done();
}

bool Livestreams::drain(GstElement *egress, std::function<void()> done) {
    Egress *running = find(egress);
    if (!running || running->added.empty())
        return false;
    Draining &draining = draining_.emplace_back();
    const auto it = std::prev(draining_.end());
    draining.egress = std::move(running->element);
    draining.done = std::move(done);
    for (const auto &[id, destination] : std::exchange(running->added, {}))
        draining.left.insert(id);
    std::erase_if(egresses_, [&](const auto &each) { return &each.second == running; });
    draining.deadline.start(kDrainMs, [this, it] {
        for (const auto &id : it->left)
            set_state(id, "stopped", entries_[id].details);
        finish(it);
        return false;
    });
    const std::set<std::string> ids = draining.left;
    const auto kept = ref(egress); // the last one that ends may take it along
    for (const auto &id : ids)
        g_signal_emit_by_name(kept.get(), "remove-destination", id.c_str());
    return true;
}

void Livestreams::forget(GstElement *egress) {
    g_signal_handlers_disconnect_by_data(egress, this);
    std::erase_if(egresses_, [&](const auto &each) { return each.second.element.get() == egress; });
    if (egresses_.empty())
        numbers_.stop();
}

} // namespace rostrum::session
