// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What a participant of a session did and came with: modes, microphone, camera, device.

#pragma once

#include "tools/rostrum/store/database.h"

#include <vector>

namespace rostrum {

/// What a span of time was filled with. The names are those of VideoSDK's participant object.
namespace attendance {
constexpr const char *kMode = "mode"; ///< `value` is which
constexpr const char *kMic = "mic";
constexpr const char *kWebcam = "webcam";
constexpr const char *kScreenShare = "screenShare";
constexpr const char *kScreenShareAudio = "screenShareAudio";
constexpr const char *kMedia[] = {kMic, kWebcam, kScreenShare, kScreenShareAudio};
} // namespace attendance

struct AttendanceSpan {
    std::string kind, value, document_id;
    int64_t start = 0;
    std::optional<int64_t> end;
};

struct Attendance {
    std::string document_id;
    std::string device;                ///< JSON
    std::vector<AttendanceSpan> spans; ///< oldest first
};

/// Thread-bound: main thread.
class AttendanceStore {
  public:
    explicit AttendanceStore(Database &database) : database_(database) {}

    /// Whoever was there before keeps the number; the device is the newest that is known ("" = not known).
    void enter(const std::string &session, const std::string &participant, const std::string &device);
    /// Ends the open span of that kind, if there is one.
    void begin(const std::string &session, const std::string &participant, const std::string &kind,
               const std::string &value, int64_t now);
    void end(const std::string &session, const std::string &participant, const std::string &kind, int64_t now);
    void end_all(const std::string &session, const std::string &participant, int64_t now);
    void end_session(const std::string &session, int64_t now);

    Attendance find(const std::string &session, const std::string &participant);
    /// Kinds of the spans that are open.
    std::vector<std::string> open_kinds(const std::string &session, const std::string &participant);
    /// How long anybody was in the session.
    int64_t active_ms(const std::string &session, int64_t now);

  private:
    Database &database_;
};

} // namespace rostrum
