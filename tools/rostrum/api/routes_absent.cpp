// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What VideoSDK's API has and this server has not: refused by name, so that nobody takes it for a wrong address or,
// worse, for done.

#include "tools/rostrum/api/api.h"

namespace rostrum {
namespace {

struct Absent {
    const char *path; ///< and all below it
    const char *what;
    const char *instead = "";
};
constexpr Absent kAbsent[] = {
    {"/v2/sip", "telephony (SIP trunks, routing rules, phone numbers and calls)"},
    {"/v2/connectors", "telephony connectors"},
    {"/v2/batch-calls", "batch calls"},
    {"/v2/agent", "AI agents"},
    {"/ai", "AI agents, their deployments, and transcription"},
    {"/v2/transcriptions", "transcription"},
    {"/v2/ingest", "socket ingest", "; publish with WHIP at /v2/whip"},
    {"/v2/alertRules", "alert rules", "; watch /metrics with Prometheus and its alerts"},
    {"/v2/incidents", "incidents", "; watch /metrics with Prometheus and its alerts"},
    {"/v2/transcodings/hls-to-mp4", "making MP4 of an HLS stream",
     "; start the stream with config.recording.enabled to have it as MP4"},
    {"/v1", "version 1 of the API", "; use /v2"},
};

} // namespace

void add_absent_routes(Router &router) {
    for (const auto &absent : kAbsent)
        router.add_absent(absent.path, std::string("this server does not have ") + absent.what + absent.instead);
}

} // namespace rostrum
