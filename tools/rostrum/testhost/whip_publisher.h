// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include <gst/gst.h>
#include <libsoup/soup.h>

#include <functional>
#include <string>

namespace testhost {

/// WHIP client (RFC 9725) around one webrtcbin: offers, posts, applies the answer; stop() deletes the resource.
/// Thread-bound to the default main context.
class WhipPublisher {
  public:
    using Report = std::function<void(bool failed, const std::string &text)>;

    /// `pipeline` has elements "video" and "audio" (RTP) and a webrtcbin "rtc" that they are linked to.
    WhipPublisher(GstElement *pipeline, std::string url, std::string token, Report report);
    ~WhipPublisher();
    WhipPublisher(const WhipPublisher &) = delete;
    WhipPublisher &operator=(const WhipPublisher &) = delete;

    /// Call before the pipeline goes to PLAYING.
    void start();
    /// DELETEs the resource; waits for the answer.
    void stop();

  private:
    void post_offer();
    bool follow_redirect(SoupMessage *message);
    void use_answer(SoupMessage *message, GBytes *body);
    static void on_negotiation_needed(GstElement *rtc, gpointer self);
    static void on_offer_created(GstPromise *promise, gpointer self);
    static void on_gathering(GObject *rtc, GParamSpec *, gpointer self);
    static void on_posted(GObject *session, GAsyncResult *result, gpointer self);

    GstElement *rtc_;
    SoupSession *http_;
    std::string url_;
    std::string token_;
    std::string resource_;
    Report report_;
    bool posted_ = false;
    unsigned redirects_ = 0;
};

} // namespace testhost
