// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/live/resource_pool.h"

#include "tools/rostrum/base/ids.h"

#include <algorithm>

namespace rostrum {
namespace {

constexpr size_t kMaxUnits = 1000; // held at once, where the compositions are not limited

bool is_composition(OutputKind kind) {
    return kind != OutputKind::ParticipantRecording && kind != OutputKind::TrackRecording;
}

const char *type_of(OutputKind kind) {
    return kind == OutputKind::Livestream ? "rtmp" : kind == OutputKind::Hls ? "hls" : "recording";
}

/// VideoSDK's numbers for an organisation's limits.
int limit_code(OutputKind kind) {
    return kind == OutputKind::Livestream ? 4030 : kind == OutputKind::Hls ? 4029 : 4028;
}

} // namespace

void ResourcePool::recover() {
    for (const auto &unit : store_.resources.in_state("composing"))
        store_.resources.set_state(unit.id, "idle", now_ms());
    ready();
}

std::variant<std::vector<ResourceUnit>, Refusal> ResourcePool::acquire(const ResourceUnit &wanted, size_t units) {
    const size_t held = static_cast<size_t>(store_.resources.held());
    if (held + units > kMaxUnits)
        return Refusal{409, "at most " + std::to_string(kMaxUnits) + " units can be held; release some first"};
    if (most_ > 0 && taken() + units > most_)
        return Refusal{
            503, 503,
            "there are not as many places for compositions left; max-compositions is " + std::to_string(most_), 30};
    std::vector<ResourceUnit> acquired;
    for (size_t i = 0; i < units; ++i) {
        ResourceUnit unit = wanted;
        unit.id = new_document_id();
        unit.state = "pending";
        unit.created_at = unit.updated_at = now_ms();
        store_.resources.create(unit);
        acquired.push_back(std::move(unit));
    }
    readying_.once(0, [this] { ready(); });
    return acquired;
}

/// Nothing has to be started first: a place is ready when it is reserved.
void ResourcePool::ready() {
    for (const auto &unit : store_.resources.in_state("pending")) {
        store_.resources.set_state(unit.id, "idle", now_ms());
        post("resource-acquired", unit);
    }
}

std::string ResourcePool::release(const std::string &id) {
    const auto unit = store_.resources.find(id);
    if (!unit)
        return "there is no such resource";
    if (unit->state == "composing")
        return "this resource is composing; end what runs on it first";
    if (unit->state == "released")
        return "this resource was released already";
    store_.resources.set_state(id, "released", now_ms());
    if (unit->state == "pending") // its place was reserved: both are told, in order
        post("resource-acquired", *unit);
    post("resource-released", *unit);
    return "";
}

Json ResourcePool::describe(const ResourceUnit &unit) const {
    std::vector<std::string> composers;
    for (const auto &[output, on] : running_)
        if (on == unit.id)
            composers.push_back(output);
    return Json::object({{"id", unit.id},
                         {"status", unit.state},
                         {"type", unit.type},
                         {"mode", unit.mode},
                         {"quality", unit.quality},
                         {"composerIds", composers},
                         {"webhookUrl", unit.webhook_url},
                         {"createdAt", iso_time(unit.created_at)},
                         {"updatedAt", iso_time(unit.updated_at)}});
}

size_t ResourcePool::taken() const {
    const auto unreserved =
        std::count_if(running_.begin(), running_.end(), [](const auto &e) { return e.second.empty(); });
    return static_cast<size_t>(store_.resources.held() + unreserved);
}

std::optional<Refusal> ResourcePool::check_unit(OutputKind kind, const std::string &id, const Json &config) const {
    const auto unit = store_.resources.find(id);
    if (!unit || unit->state == "released")
        return Refusal{404, "there is no such resource; acquire one with POST /v2/resource/acquire"};
    if (unit->type != type_of(kind))
        return Refusal{400, "resourceId: this unit was acquired for " + unit->type + ", not for " + type_of(kind)};
    if (unit->state == "composing")
        return Refusal{409, "resourceId: this unit is composing already"};
    for (const auto &[name, held, usual] :
         {std::tuple{"mode", unit->mode, "video-and-audio"}, std::tuple{"quality", unit->quality, "med"}})
        if (!held.empty() && config.text(name, usual) != held)
            return Refusal{400, std::string("resourceId: this unit was acquired for the ") + name + " " + held};
    return std::nullopt;
}

std::optional<Refusal> ResourcePool::check(OutputKind kind, const std::string &unit, const Json &config,
                                           size_t places) const {
    if (!is_composition(kind))
        return unit.empty() ? std::nullopt : std::optional(Refusal{400, "resourceId is for what is composed"});
    if (!unit.empty()) {
        if (auto refusal = check_unit(kind, unit, config))
            return refusal;
        --places;
    }
    if (most_ == 0 || places == 0 || taken() + places <= most_)
        return std::nullopt;
    return Refusal{503, limit_code(kind),
                   "this server composes as much as it may; end something, or acquire resources ahead", 30};
}

void ResourcePool::began(const OutputRecord &output) {
    if (!is_composition(output.kind))
        return;
    const std::string unit = output.details.text("resourceId");
    running_[output.id] = unit;
    if (!unit.empty())
        store_.resources.set_state(unit, "composing", now_ms());
}

void ResourcePool::over(const std::string &output) {
    const auto found = running_.find(output);
    if (found == running_.end())
        return;
    if (!found->second.empty())
        store_.resources.set_state(found->second, "idle", now_ms());
    running_.erase(found);
}

void ResourcePool::post(const char *type, const ResourceUnit &unit) {
    webhooks_.post(type, Json::object({{"id", unit.id}, {"type", unit.type}}), Json(), unit.webhook_url);
}

} // namespace rostrum
