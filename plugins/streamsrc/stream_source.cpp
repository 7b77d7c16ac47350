// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "streamsrc/stream_source.h"

#include "streamsrc/pull_ingest.h"

GST_DEBUG_CATEGORY_EXTERN(gst_stream_src_debug);
#define GST_CAT_DEFAULT gst_stream_src_debug

namespace rostrum {

using peerwire::MutexLock;

StreamSource::StreamSource(GstBin *bin)
    : bin_(bin), outputs_(bin, [this](const std::string &pad) {
          const auto source = ingest();
          return source && source->request_keyframe(pad);
      }) {}

StreamSourceSettings StreamSource::settings() const {
    MutexLock lock(mutex_);
    return settings_;
}

bool StreamSource::start() {
    const StreamSourceSettings wanted = settings();
    if (!wanted.uri.empty()) {
        if (!wanted.listen.empty())
            return fail_start({400, "listen and uri exclude each other"});
        auto pull = start_pull_ingest(wanted, outputs_, *this);
        if (!pull)
            return fail_start(pull.error());
        MutexLock lock(mutex_);
        ingest_ = std::move(pull).value();
        return true;
    }
    auto started = PublishIngest::start(wanted, outputs_, *this);
    if (!started)
        return fail_start(started.error());
    std::shared_ptr<PublishIngest> publish = std::move(started).value();
    const std::string uri = publish->listening_uri();
    {
        MutexLock lock(mutex_);
        ingest_ = publish_ = publish;
    }
    if (!uri.empty())
        gst_element_post_message(
            GST_ELEMENT(bin_),
            gst_message_new_element(GST_OBJECT(bin_), gst_structure_new("streamsrc-listening", "uri", G_TYPE_STRING,
                                                                        uri.c_str(), nullptr)));
    return true;
}

bool StreamSource::fail_start(const Error &error) {
    {
        MutexLock lock(mutex_);
        last_error_ = std::to_string(error.code) + ": " + error.text;
    }
    GST_ELEMENT_ERROR(bin_, RESOURCE, OPEN_READ, ("%s", error.text.c_str()), ("code %d", error.code));
    return false;
}

void StreamSource::stop() {
    outputs_.begin_close();
    std::shared_ptr<Ingest> source;
    {
        MutexLock lock(mutex_);
        source.swap(ingest_);
        publish_.reset();
        state_ = "idle";
    }
}

std::shared_ptr<Ingest> StreamSource::ingest() const {
    MutexLock lock(mutex_);
    return ingest_;
}

std::shared_ptr<PublishIngest> StreamSource::publish_ingest() const {
    MutexLock lock(mutex_);
    return publish_;
}

template <class T> Result<T> StreamSource::remember_error(Result<T> result) {
    if (!result) {
        GST_INFO_OBJECT(bin_, "refused: %s", result.error().text.c_str());
        MutexLock lock(mutex_);
        last_error_ = std::to_string(result.error().code) + ": " + result.error().text;
    }
    return result;
}

Result<std::string> StreamSource::accept_offer(const std::string &sdp) {
    const auto publish = publish_ingest();
    return remember_error(publish ? publish->accept_offer(sdp)
                                  : Result<std::string>(Error{503, "not running, or pulling from a uri"}));
}

Result<std::string> StreamSource::accept_patch(const std::string &fragment) {
    const auto publish = publish_ingest();
    return remember_error(publish ? publish->accept_patch(fragment)
                                  : Result<std::string>(Error{503, "not running, or pulling from a uri"}));
}

bool StreamSource::end_publish(const std::string &reason) {
    const auto publish = publish_ingest();
    return publish && publish->end_publish(reason);
}

std::string StreamSource::last_error() const {
    MutexLock lock(mutex_);
    return last_error_;
}

std::string StreamSource::listening_uri() const {
    const auto publish = publish_ingest();
    return publish ? publish->listening_uri() : "";
}

GstStructure *StreamSource::stats() const {
    GstStructure *stats = gst_structure_new_empty("streamsrc-stats");
    {
        MutexLock lock(mutex_);
        gst_structure_set(stats, "state", G_TYPE_STRING, state_.c_str(), nullptr);
    }
    if (const auto source = ingest())
        source->fill_stats(stats);
    guint64 dropped = 0;
    for (const auto &feed : outputs_.feeds())
        dropped += gst_rtp_feed_queue(feed.get()).dropped() + gst_rtp_feed_unpushed(feed.get());
    gst_structure_set(stats, "dropped", G_TYPE_UINT64, dropped, nullptr);
    return stats;
}

void StreamSource::on_state(const SourceState &change) {
    if (change.kind.empty()) {
        MutexLock lock(mutex_);
        state_ = change.state;
    }
    GST_INFO_OBJECT(bin_, "%s %s %s", change.state.c_str(), change.kind.c_str(), change.reason.c_str());
    GstStructure *content =
        gst_structure_new("streamsrc-state", "state", G_TYPE_STRING, change.state.c_str(), "reason", G_TYPE_STRING,
                          change.reason.c_str(), "kind", G_TYPE_STRING, change.kind.c_str(), nullptr);
    gst_element_post_message(GST_ELEMENT(bin_), gst_message_new_element(GST_OBJECT(bin_), content));
}

void StreamSource::on_picture(const PictureState &picture) {
    GST_INFO_OBJECT(bin_, "%s is %ux%u, %s", picture.pad.c_str(), picture.width, picture.height,
                    picture.flowing ? "flowing" : "silent");
    GstStructure *content = gst_structure_new("streamsrc-picture", "pad", G_TYPE_STRING, picture.pad.c_str(), "width",
                                              G_TYPE_UINT, picture.width, "height", G_TYPE_UINT, picture.height,
                                              "flowing", G_TYPE_BOOLEAN, picture.flowing, nullptr);
    gst_element_post_message(GST_ELEMENT(bin_), gst_message_new_element(GST_OBJECT(bin_), content));
}

void StreamSource::on_end() {
    outputs_.send_event(gst_event_new_eos());
}

void StreamSource::on_failure(const std::string &text, const std::string &detail) {
    GST_ELEMENT_ERROR(bin_, RESOURCE, READ, ("%s", text.c_str()), ("%s", detail.c_str()));
}

} // namespace rostrum
