// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Input: a piece size and a byte stream. However it is cut into pieces, the same datagrams come out of it.

#include "wire/stream_framing.h"

#include <algorithm>
#include <cstdlib>

namespace {

using Bytes = std::vector<uint8_t>;

std::vector<Bytes> cut(Bytes stream, size_t piece) {
    peerwire::Deframer deframer;
    std::vector<Bytes> datagrams;
    for (size_t at = 0; at < stream.size(); at += piece) {
        const size_t size = std::min(piece, stream.size() - at);
        (void)deframer.feed(std::span(stream).subspan(at, size), [&datagrams](std::span<uint8_t> datagram) {
            datagrams.emplace_back(datagram.begin(), datagram.end());
            std::fill(datagram.begin(), datagram.end(), uint8_t{0xee}); // as decryption in place does
        });
        if (deframer.pending() > peerwire::kFrameHeader + peerwire::Deframer::kMaxDatagram)
            std::abort();
    }
    return datagrams;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    const Bytes stream(data + 1, data + size);
    if (cut(stream, size_t{data[0]} + 1) != cut(stream, size))
        std::abort();
    return 0;
}
