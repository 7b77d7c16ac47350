// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "webhooksink/body_joiner.h"

namespace rostrum {

std::optional<Body> BodyJoiner::flush() {
    std::optional<Body> body;
    if (!scan_.is_blank() && !skipping_)
        body = Body{std::move(bytes_), scan_.type()};
    reset();
    return body;
}

BodyJoiner::Output BodyJoiner::add(std::string_view bytes, uint64_t offset, uint64_t offset_end) {
    Output output;
    const bool in_file = offset != kNoOffset && offset_end == offset + bytes.size();
    if (next_offset_ != kNoOffset && next_offset_ != offset)
        output.stale = flush();
    scan_.feed(bytes);
    if (skipping_ || bytes_.size() + bytes.size() > kMaxBodyBytes) {
        output.too_large = !skipping_;
        skipping_ = true;
        bytes_.clear();
    } else {
        bytes_ += bytes;
    }
    if (in_file && !scan_.is_complete())
        next_offset_ = offset_end;
    else
        output.body = flush();
    return output;
}

} // namespace rostrum
