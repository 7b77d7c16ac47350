// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "streamsrc/puller.h"

#include <memory>
#include <string>

namespace rostrum {

/// Any URI that uridecodebin opens: H.264, VP8, VP9 and AV1 are packed into RTP as they are, any sound but Opus becomes
/// Opus; other pictures are left out. Paced by the clock.
class UriPuller final : public Puller {
  public:
    UriPuller(PullHost &host, std::string uri) : host_(host), uri_(std::move(uri)) {}

    Result<bool> open(GstBin *pipeline) override;
    bool finite() const override;

  private:
    struct Timeline;
    struct Context;
    static void on_source_setup(GstElement *decodebin, GstElement *source, gpointer self);
    static void on_pad_added(GstElement *decodebin, GstPad *pad, gpointer context);

    PullHost &host_;
    const std::string uri_;
};

} // namespace rostrum
