// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/live/destination_list.h"

#include "tools/rostrum/live/destination_url.h"

#include <algorithm>

namespace rostrum {
namespace {

constexpr size_t kMostRemembered = 50;
constexpr const char *kNumbers[] = {"bytes", "bitrate", "attempts", "reconnects", "dropped", "retryInMs"};

std::vector<Json> destinations_of(const OutputRecord &livestream) {
    return livestream.details.get("outputs").items();
}

} // namespace

bool has_ended(const Json &destination) {
    const std::string state = destination.text("state");
    return state == "failed" || state == "stopped";
}

size_t running_destinations(const OutputRecord &livestream) {
    const auto all = destinations_of(livestream);
    return static_cast<size_t>(
        std::count_if(all.begin(), all.end(), [](const Json &each) { return !has_ended(each); }));
}

Json find_destination(const OutputRecord &livestream, const std::string &id) {
    for (const Json &each : destinations_of(livestream))
        if (each.text("id") == id)
            return each;
    return {};
}

std::string add_destination(OutputRecord &livestream, const Json &url_and_key) {
    auto all = destinations_of(livestream);
    const int64_t number = livestream.details.get("nextOutput").as_integer();
    const std::string id = livestream.id + "-" + std::to_string(number);
    if (const auto oldest = std::find_if(all.begin(), all.end(), has_ended);
        all.size() >= kMostRemembered && oldest != all.end())
        all.erase(oldest);
    Json outputs = Json::array();
    for (const Json &each : all)
        outputs.push(each);
    outputs.push(Json::object({{"id", id},
                               {"url", url_and_key.text("url")},
                               {"streamKey", url_and_key.text("streamKey")},
                               {"state", "connecting"}}));
    livestream.details.set("outputs", outputs).set("nextOutput", number + 1);
    return id;
}

void note_report(Json destination, const Json &details) {
    const std::string error = details.text("error");
    Json report = Json::object();
    for (const char *name : kNumbers)
        if (details.has(name))
            report.set(name, details.get(name));
    if (!error.empty())
        report.set("error", error);
    const std::string last = error.empty() ? destination.get("report").text("lastError") : error;
    if (!last.empty())
        report.set("lastError", last);
    destination.set("report", report);
}

Json wanted_destinations(const OutputRecord &livestream) {
    Json wanted = Json::array();
    for (const Json &each : destinations_of(livestream))
        if (!has_ended(each))
            wanted.push(Json::object(
                {{"id", each.text("id")}, {"url", each.text("url")}, {"streamKey", each.text("streamKey")}}));
    return wanted;
}

Json describe_destination(const Json &destination) {
    const bool has_key = !destination.text("streamKey").empty();
    Json shown = Json::object({{"id", destination.text("id")},
                               {"url", public_destination_url(destination.text("url"), has_key)},
                               {"state", destination.text("state", "connecting")}});
    const Json report = destination.get("report");
    for (const std::string &name : report.keys())
        shown.set(name, report.get(name.c_str()));
    return shown;
}

Json describe_destinations(const OutputRecord &livestream) {
    Json shown = Json::array();
    for (const Json &each : destinations_of(livestream))
        shown.push(describe_destination(each));
    return shown;
}

} // namespace rostrum
