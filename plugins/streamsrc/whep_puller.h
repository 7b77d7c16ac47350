// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "common/gst_ref.h"
#include "streamsrc/puller.h"
#include "streamsrc/whep_client.h"

#include <gst/webrtc/webrtc.h>

#include <memory>
#include <string>

namespace rostrum {

/// Watches a WHEP endpoint through webrtcbin, which is a full ICE client.
class WhepPuller final : public Puller {
  public:
    /// `endpoint` is http:// or https://.
    WhepPuller(PullHost &host, std::string endpoint) : host_(host), endpoint_(std::move(endpoint)) {}

    Result<bool> open(GstBin *pipeline) override;
    void started() override;
    void closing(bool final) override;
    bool finite() const override { return false; }

  private:
    void set_up_ice();
    void add_transceivers();
    void post_offer();
    void on_answer(const std::string &sdp);

    static void on_offer_promise(GstPromise *promise, gpointer webrtcbin);
    static void on_gathering_state(GObject *webrtcbin, GParamSpec *, gpointer self);
    static void on_connection_state(GObject *webrtcbin, GParamSpec *, gpointer self);
    static void on_element_added(GstBin *, GstBin *, GstElement *element, gpointer self);
    static void on_dtls_state(GObject *dtlsdec, GParamSpec *, gpointer self);
    static void on_pad_added(GstElement *webrtcbin, GstPad *pad, gpointer self);

    PullHost &host_;
    const std::string endpoint_;
    GstBin *pipeline_ = nullptr; ///< while open
    GstRef<GstElement> webrtcbin_;
    std::unique_ptr<WhepClient> client_;
    bool offer_sent_ = false;
    unsigned session_ = 0; ///< counts openings: late posts of an older one are ignored
};

} // namespace rostrum
