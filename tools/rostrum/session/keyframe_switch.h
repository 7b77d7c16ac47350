// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Moves an input-selector to another of its pads, at the first keyframe that arrives there, or the first decoded
// picture that is newer than what was shown: whoever watches sees no gap.

#pragma once

#include "gst_ptr.h"

namespace rostrum::session {

/// One switch. Starts on construction, is given up on destruction. Thread-bound: main; the keyframe is found on the
/// pad's streaming thread.
class KeyframeSwitch {
  public:
    /// `done` runs once on the main thread, after the selector has moved: at the keyframe, or without it after
    /// kPatienceMs; with decoded pictures at the first one, however long it takes.
    KeyframeSwitch(GstElement *selector, GstPad *pad, std::function<void()> done);
    ~KeyframeSwitch();
    KeyframeSwitch(const KeyframeSwitch &) = delete;
    KeyframeSwitch &operator=(const KeyframeSwitch &) = delete;

    GstPad *pad() const;

  private:
    static constexpr unsigned kRequestMs = 250;   // publishers merge requests at about this rate
    static constexpr unsigned kPatienceMs = 3000; // a frozen source must not keep the program from changing

    struct Shared;
    static GstPadProbeReturn probe(GstPad *pad, GstPadProbeInfo *info, gpointer shared);
    bool tick();

    const std::shared_ptr<Shared> shared_;
    gulong probe_ = 0;
    unsigned waited_ms_ = 0;
    Timer timer_;
};

/// Asks upstream of `pad` for a keyframe.
void request_keyframe(GstPad *pad);

} // namespace rostrum::session
