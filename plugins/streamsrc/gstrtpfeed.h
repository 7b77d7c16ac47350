// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The inner source element of streamsrc: one stream of RTP packets out of a bounded queue, on a streaming thread of its
// own. Nothing downstream stops it: a branch that fails, flushes or is not linked just loses its packets.

#pragma once

#include "streamsrc/rtp_queue.h"

#include <gst/gst.h>

#include <string>

namespace rostrum {

/// What a feed asks of the element around it.
class RtpFeedOwner {
  public:
    virtual ~RtpFeedOwner() = default;
    /// On the streaming thread, once, when format and first packet are there; sticky events are on the pad already.
    virtual void on_feed_ready(const std::string &name) = 0;
    /// Any thread. False when nobody can make a keyframe.
    virtual bool on_keyframe_request(const std::string &name) = 0;
};

} // namespace rostrum

G_BEGIN_DECLS
#define GST_TYPE_RTP_FEED (gst_rtp_feed_get_type())
G_DECLARE_FINAL_TYPE(GstRtpFeed, gst_rtp_feed, GST, RTP_FEED, GstElement)
G_END_DECLS

/// `name` is what the owner is told. `owner` must outlive the feed's PAUSED state. Floating reference.
GstElement *gst_rtp_feed_new(const std::string &name, rostrum::RtpFeedOwner *owner);

/// Thread-safe; open while the feed is PAUSED or PLAYING.
rostrum::RtpQueue &gst_rtp_feed_queue(GstRtpFeed *feed);
const std::string &gst_rtp_feed_name(GstRtpFeed *feed);

/// Packets that could not be pushed, whatever the reason. Thread-safe.
guint64 gst_rtp_feed_unpushed(GstRtpFeed *feed);
