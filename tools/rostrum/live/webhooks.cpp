// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/live/webhooks.h"

#include "tools/rostrum/base/ids.h"

#include <set>

namespace rostrum {

bool webhook_wanted(const Json &events, const std::string &type) {
    const auto patterns = events.strings();
    if (patterns.empty())
        return true;
    for (const auto &pattern : patterns)
        if (g_pattern_match_simple(pattern.c_str(), type.c_str()))
            return true;
    return false;
}

void Webhooks::post(const std::string &type, const Json &data, const Json &room_webhook, const std::string &extra_url,
                    const std::string &output_id) {
    std::set<std::string> urls{global_url_, extra_url};
    if (webhook_wanted(room_webhook.get("events"), type))
        urls.insert(room_webhook.text("endPoint"));
    urls.erase("");
    const std::string time = iso_time(now_ms());
    const auto body = [&](const std::string &id, int64_t sequence) {
        return Json::object(
                   {{"webhookType", type}, {"data", data}, {"id", id}, {"sequence", sequence}, {"timestamp", time}})
            .dump();
    };
    for (const auto &url : urls)
        outbox_.post(url, {type, data.text("meetingId"), data.text("sessionId"), output_id, body});
}

} // namespace rostrum
