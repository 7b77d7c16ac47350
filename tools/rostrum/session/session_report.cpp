// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What a session says about itself: graphs and the snapshot.

#include "json_text.h"
#include "session.h"

namespace rostrum::session {

namespace {

/// Every element that is really in the bin, one per line: name and factory.
std::string elements_of(GstBin *bin) {
    std::string text;
    GstIterator *iterator = gst_bin_iterate_recurse(bin);
    GValue item = G_VALUE_INIT;
    for (bool more = true; more;) {
        switch (gst_iterator_next(iterator, &item)) {
        case GST_ITERATOR_OK: {
            auto *element = GST_ELEMENT(g_value_get_object(&item));
            GstElementFactory *factory = gst_element_get_factory(element);
            text += std::string(GST_ELEMENT_NAME(element)) + " " +
                    (factory ? GST_OBJECT_NAME(factory) : G_OBJECT_TYPE_NAME(element)) + "\n";
            g_value_reset(&item);
            break;
        }
        case GST_ITERATOR_RESYNC:
            text.clear();
            gst_iterator_resync(iterator);
            break;
        default:
            more = false;
        }
    }
    g_value_unset(&item);
    gst_iterator_free(iterator);
    return text;
}

int64_t viewer_count(GstElement *fanout) {
    guint count = 0;
    if (fanout && g_object_class_find_property(G_OBJECT_GET_CLASS(fanout), "viewer-count"))
        g_object_get(fanout, "viewer-count", &count, nullptr);
    return count;
}

} // namespace

Result<std::string> Session::graph(const std::string &format) const {
    if (format == "text")
        return to_text(reconciler_.wanted());
    if (format == "dot")
        return to_dot(reconciler_.wanted());
    if (format == "running")
        return elements_of(GST_BIN(pipeline_.get()));
    return peerwire::Error{400, "unknown graph format '" + format + "': text, dot or running"};
}

std::string Session::snapshot() const {
    JsonText json;
    json.begin_array("peers");
    for (const auto &[resource, peer] : peers_.all())
        json.begin_object()
            .add("resource", resource)
            .add("participant", peer.participant)
            .add("role", peer.role_name())
            .add("feed", peer.feed)
            .add("state", peer.state_name())
            .end_object();
    json.end_array().begin_array("feeds");
    for (const auto &[participant, kinds] : announced_)
        if (!kinds.empty())
            json.begin_object()
                .add("participant", participant)
                .add("feed", participant)
                .add("kinds", std::vector<std::string>(kinds.begin(), kinds.end()))
                .end_object();
    json.end_array().add("program", to_string(mode_)).begin_array("outputs");
    for (const auto &[output, entry] : livestreams_.entries())
        json.begin_object()
            .add("livestream", entry.livestream)
            .add("output", output)
            .add("state", entry.state)
            .add_json("details", entry.details)
            .end_object();
    json.end_array().begin_array("recordings");
    for (const auto &[recording, state] : recordings_.states())
        json.begin_object()
            .add("recording", recording)
            .add("state", state)
            .add_json("details", recordings_.details(recording))
            .end_object();
    json.end_array().begin_array("hls");
    for (const auto &[hls, entry] : hls_.entries())
        json.begin_object()
            .add("hls", hls)
            .add("state", entry.state)
            .add_json("details", hls_.details(hls))
            .end_object();
    json.end_array().add("speaker", speaker_).begin_object("stats");
    int64_t viewers = 0;
    for (const char *codec : {"", "H264", "VP8"})
        viewers += viewer_count(fanout_of(program_branch(codec)));
    json.add("programViewers", viewers);
    json.add("branches", static_cast<int64_t>(reconciler_.wanted().branches.size()));
    return json.end_object().text();
}

} // namespace rostrum::session
