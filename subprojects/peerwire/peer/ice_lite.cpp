// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "peer/ice_lite.h"

#include <utility>

namespace peerwire {

namespace {

std::span<const uint8_t> as_bytes(std::string_view text) {
    return {reinterpret_cast<const uint8_t *>(text.data()), text.size()};
}

size_t write_error(std::span<uint8_t> out, const StunView &request, uint16_t code, std::string_view reason,
                   const HmacSha1 &key) {
    StunWriter writer(out, StunType::BindingError, request.transaction);
    writer.error(code, reason);
    if (code == 420)
        writer.unknown_attribute(request.unknown_required);
    return writer.finish(key);
}

} // namespace

IceLite::Generation::Generation(IceCredentials credentials, std::string remote)
    : local(std::move(credentials)), remote_ufrag(std::move(remote)), key(as_bytes(local.pwd)) {}

bool IceLite::Generation::names(std::string_view username) const {
    return username.size() == local.ufrag.size() + 1 + remote_ufrag.size() && username.starts_with(local.ufrag) &&
           username[local.ufrag.size()] == ':' && username.ends_with(remote_ufrag);
}

IceLite::IceLite(IceCredentials local, std::string remote_ufrag)
    : current_(std::move(local), std::move(remote_ufrag)) {}

void IceLite::restart(IceCredentials local, std::string remote_ufrag) {
    previous_.emplace(std::move(current_));
    current_ = Generation(std::move(local), std::move(remote_ufrag));
}

IceLite::Outcome IceLite::handle(std::span<const uint8_t> message, const Address &from, std::span<uint8_t> response) {
    Outcome outcome;
    const auto request = parse_stun(message);
    if (!request || !request->is(StunType::BindingRequest))
        return outcome;
    const Generation *generation = current_.names(request->username)                  ? &current_
                                   : previous_ && previous_->names(request->username) ? &*previous_
                                                                                      : nullptr;
    if (generation == nullptr || !verify_integrity(message, *request, generation->key))
        return outcome;
    outcome.authentic = true;
    if (request->unknown_required != 0) { // RFC 8489 §6.3.1
        outcome.response = write_error(response, *request, 420, "Unknown Attribute", generation->key);
        return outcome;
    }
    if (request->controlled) { // RFC 8445 §7.3.1.1: a lite agent stays controlled, so the other side has to switch
        outcome.response = write_error(response, *request, 487, "Role Conflict", generation->key);
        return outcome;
    }
    StunWriter writer(response, StunType::BindingSuccess, request->transaction);
    writer.xor_mapped_address(from);
    outcome.response = writer.finish(generation->key);
    outcome.checked = true;
    outcome.nominated = request->use_candidate;
    if (outcome.nominated && generation == &current_)
        previous_.reset();
    return outcome;
}

} // namespace peerwire
