// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/live/destinations.h"

#include "common/address_guard.h"
#include "tools/rostrum/live/destination_url.h"

namespace rostrum {
namespace {

Refusal refuse(const std::string &text) {
    return {400, code::kInvalidLivestreamConfig, text};
}

/// "" when it is good.
std::string fault_of(const Json &output, bool allow_private) {
    if (!output.is_object() || !output.get("url").is_string())
        return "write {\"url\": \"rtmp://host/app\", \"streamKey\": \"…\"}";
    if (output.has("streamKey") && !output.get("streamKey").is_string() && !output.get("streamKey").is_null())
        return "streamKey has to be a string";
    const auto parsed = parse_destination_url(output.text("url"), output.text("streamKey"));
    if (const auto *fault = std::get_if<std::string>(&parsed))
        return *fault;
    const std::string &host = std::get<DestinationUrl>(parsed).host;
    const auto range = range_of_literal(host);
    return allow_private || !range || *range == AddressRange::Public ? "" : refusal_text(host, *range);
}

Json taken(const Json &output) {
    return Json::object({{"url", output.text("url")}, {"streamKey", output.text("streamKey")}});
}

} // namespace

std::variant<Json, Refusal> parse_destination(const Json &output, bool allow_private) {
    if (const std::string fault = fault_of(output, allow_private); !fault.empty())
        return refuse(fault);
    return taken(output);
}

std::variant<Json, Refusal> parse_destinations(const Json &outputs, bool allow_private) {
    const auto items = outputs.items();
    if (items.empty() || items.size() > kMaxOutputs)
        return refuse("outputs has to be a list of 1 to " + std::to_string(kMaxOutputs) +
                      " destinations: [{\"url\", \"streamKey\"}]");
    Json result = Json::array();
    for (size_t i = 0; i < items.size(); ++i) {
        if (const std::string fault = fault_of(items[i], allow_private); !fault.empty())
            return refuse("outputs[" + std::to_string(i) + "]: " + fault);
        result.push(taken(items[i]));
    }
    return result;
}

} // namespace rostrum
