// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Why a request was not done: HTTP status, numeric code and a sentence that says what to do.

#pragma once

#include <string>

namespace rostrum {

/// Numeric codes as VideoSDK's clients know them; where none fits, the HTTP status is the code.
namespace code {
constexpr int kInvalidApiKey = 4001;
constexpr int kInvalidToken = 4002;
constexpr int kInvalidRoomId = 4003;
constexpr int kInvalidParticipantId = 4004;
constexpr int kInvalidPermissions = 4008;
constexpr int kMaxParticipantsReached = 4009;
constexpr int kStartRecordingFailed = 4011;
constexpr int kStopRecordingFailed = 4012;
constexpr int kStartLivestreamFailed = 4013;
constexpr int kStopLivestreamFailed = 4014;
constexpr int kInvalidLivestreamConfig = 4015;
constexpr int kUnauthorizedRoomId = 4022;
constexpr int kUnauthorizedParticipantId = 4023;
constexpr int kUnauthorizedRole = 4024;
constexpr int kUnauthorizedRequest = 4025;
constexpr int kRoomDisabled = 4052;
constexpr int kApiKeyDisabled = 4053;
constexpr int kRemoveParticipantFailed = 4066;
constexpr int kRemoteMediaFailed = 4067;
constexpr int kChangeModeFailed = 4065;
constexpr int kPublishFailed = 4087;
constexpr int kSubscribeFailed = 4088;
constexpr int kUnsubscribeFailed = 4089;
constexpr int kAlreadyInMode = 3054;
constexpr int kModeNotSupported = 3066;
constexpr int kPayloadTooLarge = 3072;
} // namespace code

/// Thrown by route handlers, returned by everything below them.
struct Refusal {
    int status = 500;
    int code = 500;
    std::string message;
    unsigned retry_after_s = 0; ///< 0: no Retry-After header

    Refusal() = default;
    Refusal(int http_status, std::string text) : status(http_status), code(http_status), message(std::move(text)) {}
    Refusal(int http_status, int number, std::string text, unsigned retry_s = 0)
        : status(http_status), code(number), message(std::move(text)), retry_after_s(retry_s) {}
};

} // namespace rostrum
