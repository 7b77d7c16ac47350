// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Publisher::on_rtp and on_rtcp: records of { kind and time: 1 byte, size: 1 byte, bytes }.

#include "publish/publisher.h"

#include <memory>

using namespace peerwire;

namespace {

class NullTransport final : public Transport {
  public:
    std::span<uint8_t> reserve(size_t size) override { return std::span<uint8_t>(buffer_).first(size); }
    void commit_rtp(size_t) override {}
    void commit_rtcp(size_t) override {}
    void close(CloseReason) override {}

  private:
    std::array<uint8_t, kMaxPacketSize> buffer_{};
};

struct NullObserver final : PublisherObserver {
    void on_connected(TimeNs) override {}
    void on_media(const MediaPacket &packet) override {
        if (packet.capture < 0)
            __builtin_trap();
    }
    void on_stalled(size_t, bool) override {}
    void on_stats(const PublisherStats &) override {}
    void on_closed(TimeNs, CloseReason) override {}
};

PublisherConfig config() {
    PublisherConfig config;
    config.extensions = {4, 10, 11, 3};
    config.transport_cc = true;
    TrackConfig audio{TrackKind::Audio, "0", "", {{111, 48000, PayloadFormat::Other, {}, false, false}}, 1, {}};
    config.tracks.push_back(audio);
    for (const char *rid : {"q", "f"})
        config.tracks.push_back(
            {TrackKind::Video,
             "1",
             rid,
             {{96, 90000, PayloadFormat::Vp8, 97, true, true}, {108, 90000, PayloadFormat::H264, 109, true, true}},
             {},
             {}});
    return config;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    NullTransport transport;
    Publisher publisher(config(), std::make_shared<PublisherControl>(), std::make_shared<NullObserver>());
    TimeNs now = 100 * kNsPerSecond; // capture times may lie a few seconds back
    publisher.attach(transport);
    publisher.on_connected(now);
    while (size >= 2) {
        const uint8_t head = data[0];
        const size_t length = std::min<size_t>(data[1], size - 2);
        const std::span<const uint8_t> bytes(data + 2, length);
        data += 2 + length;
        size -= 2 + length;
        now += TimeNs{head >> 1} * kNsPerMs;
        if (head & 1)
            publisher.on_rtcp(now, bytes);
        else
            publisher.on_rtp(now, bytes);
        if (publisher.next_timeout() <= now)
            publisher.on_timeout(now);
    }
    publisher.on_closed(now, CloseReason::RemoteClose);
    return 0;
}
