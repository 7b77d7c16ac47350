// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A viewer of a feed of a session process.

#pragma once

#include "session_process.h"
#include "webrtcbin_viewer.h"

namespace test {

class TestViewer : public WebrtcbinViewer {
  public:
    /// Joins `feed`; fails the test when that is refused.
    TestViewer(SessionProcess &session, const std::string &participant, const std::string &feed,
               const char *video = kH264AndVp8)
        : WebrtcbinViewer([&](const std::string &offer) { return play(session, participant, feed, offer); }, video),
          resource_(session.resource) {}

    const std::string &resource() const { return resource_; }

  private:
    static std::string play(SessionProcess &session, const std::string &participant, const std::string &feed,
                            const std::string &offer) {
        const std::string answer = session.play(participant, feed, offer);
        if (answer.empty())
            g_error("Play was refused: %s", session.error.c_str());
        return answer;
    }

    const std::string resource_;
};

} // namespace test
