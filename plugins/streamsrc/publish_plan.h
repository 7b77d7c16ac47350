// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "common/sdp_negotiate.h"
#include "publish/publisher_config.h"

#include <string>
#include <vector>

namespace rostrum {

/// Where the packets of one publisher's tracks go.
struct PublishPlan {
    struct Track {
        std::string pad; ///< "video_0"
        AnswerMedia media;
        std::string rid;
    };
    peerwire::PublisherConfig receiver;
    std::vector<Track> tracks; ///< as receiver.tracks

    std::vector<std::string> pads() const;
};

/// One track per accepted m-section, or per simulcast layer of it. Pads are counted per kind, in the order of the
/// offer. Reentrant.
PublishPlan make_publish_plan(const SdpOffer &offer, const Answer &answer);

} // namespace rostrum
