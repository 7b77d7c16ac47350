// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A viewer under hostile feedback, its feed under a hostile publisher: records of one kind byte, one length byte and
// that many bytes. Even kinds are RTP into the feed (kind / 2 chooses the codec; Opus is the sound; 0x40: into the
// richer layer), odd ones RTCP from the viewer. 0x80: a second later instead of 10 ms.

#include "fanout/track_writer.h"
#include "fanout/viewer.h"
#include "wire/bytes.h"

#include <array>
#include <cstdlib>
#include <map>
#include <string>
#include <utility>

using namespace peerwire;

namespace {

/// Checks that no sequence number is used for two different packets: with AES-GCM that gives away the key.
class CheckingTransport : public Transport {
  public:
    std::span<uint8_t> reserve(size_t size) override {
        return size <= room_.size() ? std::span(room_).first(size) : std::span<uint8_t>();
    }
    void commit_rtp(size_t size) override {
        check(size);
        const std::string packet(room_.begin(), room_.begin() + static_cast<ptrdiff_t>(size));
        const uint32_t ssrc = load_be32(&room_[8]);
        const int64_t number = numbers_[ssrc].unwrap(load_be16(&room_[2]));
        if (sent_.try_emplace({ssrc, number}, packet).first->second != packet)
            abort();
    }
    void commit_rtcp(size_t size) override { check(size); }
    void close(CloseReason) override {}

  private:
    void check(size_t size) {
        if (size == 0 || size > room_.size())
            abort();
    }
    std::array<uint8_t, kMaxPacketSize> room_{};
    std::map<uint32_t, SequenceUnwrapper> numbers_;
    std::map<std::pair<uint32_t, int64_t>, std::string> sent_;
};

ViewerSetup setup() {
    ViewerSetup result;
    result.cname = "cname";
    result.video.emplace();
    result.video->ssrc = 1;
    result.video->rtx_ssrc = 2;
    result.video->extensions = {
        .mid_id = 1, .abs_send_time_id = 3, .abs_capture_time_id = 4, .transport_cc_id = 5, .mid = "v"};
    (*result.video)[Codec::H264] = {108, 109};
    (*result.video)[Codec::Vp8] = {96, 97};
    (*result.video)[Codec::Vp9] = {98, TrackSetup::kNoPayloadType};
    result.audio.emplace();
    result.audio->ssrc = 3;
    result.audio->red = 63;
    result.audio->extensions = result.video->extensions;
    (*result.audio)[Codec::Opus] = {.media = 111, .nack = false};
    return result;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const auto feed = std::make_shared<Feed>(FeedConfig{});
    TrackWriter layers[] = {TrackWriter(feed->open_video(0)), TrackWriter(feed->open_video(1))};
    TrackWriter audio(feed->audio());
    audio.begin_source({Codec::Opus, 48000, {}});
    CheckingTransport transport;
    Viewer viewer(feed, setup(), std::make_shared<ViewerCounters>());
    viewer.attach(transport);
    TimeNs now = kNsPerSecond;
    viewer.on_connected(now);
    Codec codecs[] = {Codec::Unknown, Codec::Unknown};
    std::span<const uint8_t> rest(data, size);
    while (rest.size() >= 2) {
        const uint8_t kind = rest[0];
        const auto record = rest.subspan(2, std::min<size_t>(rest[1], rest.size() - 2));
        rest = rest.subspan(2 + record.size());
        now += kind & 0x80 ? kNsPerSecond : 10 * kNsPerMs;
        if (kind & 1) {
            viewer.on_rtcp(now, record);
        } else {
            const auto wanted = static_cast<Codec>((kind & 0x3f) / 2 % kCodecCount);
            const bool sound = wanted == Codec::Opus;
            const size_t layer = kind & 0x40 ? 1 : 0;
            if (!sound && std::exchange(codecs[layer], wanted) != wanted)
                layers[layer].begin_source({wanted, 90000, {{0x67, 1}, {0x68, 1}}});
            (sound ? audio : layers[layer]).write(record, now - kNsPerSecond);
            viewer.on_wake(now);
        }
        while (viewer.next_timeout() <= now)
            viewer.on_timeout(now);
    }
    viewer.on_closed(now, CloseReason::Local);
    return 0;
}
