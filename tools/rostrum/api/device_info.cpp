// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/device_info.h"

#include "tools/rostrum/base/user_agent.h"

namespace rostrum {
namespace {

constexpr size_t kMaxWordBytes = 64;

Json word(const std::string &text) {
    return text.empty() || text.size() > kMaxWordBytes ? Json() : Json(text);
}

} // namespace

Json device_info(const Exchange &exchange, const char *sdk) {
    const UserAgent agent = parse_user_agent(exchange.header("User-Agent"));
    const std::string type = exchange.query("sdkType"), platform = exchange.query("platform");
    const Json browser = Json::object({{"name", word(agent.browser)}, {"version", word(agent.browser_version)}});
    const Json os = Json::object({{"name", word(agent.os)}, {"version", word(agent.os_version)}});
    return Json::object(
        {{"sdkType", word(type.empty() ? sdk : type)},
         {"sdkVersion", word(exchange.query("sdkVersion"))},
         {"platform", word(platform.empty() ? agent.platform : platform)},
         {"browserUserAgent",
          Json::object(
              {{"browser", browser}, {"os", os}, {"platform", Json::object({{"type", word(agent.platform)}})}})}});
}

} // namespace rostrum
