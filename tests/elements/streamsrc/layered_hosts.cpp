// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// layered-hosts COUNT LAYERS: hosts for benchmark/decoding.js. Each sends the same 4 s of VP8 in 30 pictures per second
// over and over, encoded once: 320x180, 640x360 and 1280x720, or only the largest with LAYERS = 1. Prints an offer per
// host, each in one line of base64, and reads the answers in the same form; says "sending" and goes on until stdin
// ends.

#include "common/gst_ref.h"
#include "net/clock.h"
#include "test_publisher.h"
#include "wire/rtp.h"

#include <gst/app/gstappsink.h>

#include <poll.h>

#include <iostream>
#include <memory>

using namespace rostrum;
using namespace rostrum::test;
using peerwire::TimeNs;

namespace {

constexpr unsigned kPictures = 120; // of the loop
constexpr unsigned kPicturesPerSecond = 30;
constexpr TimeNs kCheckEvery = 2000 * peerwire::kNsPerMs; // consent ends after 5.5 s
constexpr int kPumpMs = 2;                                // so long may a packet wait for its answer

using Packet = std::vector<uint8_t>; // payload
using Pictures = std::vector<std::vector<Packet>>;

struct Layer {
    const char *rid;
    unsigned width, height, bits_per_second;
};
constexpr Layer kLayers[] = {{"q", 320, 180, 150'000}, {"h", 640, 360, 500'000}, {"f", 1280, 720, 2'300'000}};

Pictures encode(const Layer &layer) {
    g_autofree gchar *description =
        g_strdup_printf("videotestsrc pattern=zone-plate kx2=12 ky2=12 kt=2 num-buffers=%u ! "
                        "video/x-raw,format=I420,width=%u,height=%u,framerate=%u/1 ! "
                        "vp8enc deadline=1 cpu-used=8 threads=2 end-usage=cbr target-bitrate=%u keyframe-max-dist=60 ! "
                        "rtpvp8pay mtu=1200 picture-id-mode=none ! appsink name=sink sync=false",
                        kPictures, layer.width, layer.height, kPicturesPerSecond, layer.bits_per_second);
    const auto pipeline = GstRef<GstElement>::adopt(gst_parse_launch(description, nullptr));
    const auto sink = GstRef<GstElement>::adopt(gst_bin_get_by_name(GST_BIN(pipeline.get()), "sink"));
    gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
    Pictures pictures(1);
    while (const auto sample = GstRef<GstSample>::adopt(gst_app_sink_pull_sample(GST_APP_SINK(sink.get())))) {
        GstMapInfo map;
        gst_buffer_map(gst_sample_get_buffer(sample.get()), &map, GST_MAP_READ);
        const auto view = peerwire::parse_rtp({map.data, map.size});
        g_assert_true(view.has_value());
        pictures.back().emplace_back(view->payload.begin(), view->payload.end());
        if (view->marker)
            pictures.emplace_back();
        gst_buffer_unmap(gst_sample_get_buffer(sample.get()), &map);
    }
    pictures.pop_back();
    gst_element_set_state(pipeline.get(), GST_STATE_NULL);
    return pictures;
}

class Host {
  public:
    Host(unsigned number, const std::vector<Layer> &layers)
        : number_(number), layers_(layers), publisher_({.rids = rids(layers)}) {
        sequences_.resize(layers.size());
    }

    std::string offer() const { return publisher_.sdp(); }
    void follow(const std::string &answer) { publisher_.follow_answer(answer); }

    void send(unsigned tick, const std::vector<Pictures> &media) {
        for (size_t i = 0; i < layers_.size(); ++i) {
            const auto &packets = media[i][(tick + number_ * 13) % kPictures]; // not all keyframes at once
            for (const Packet &payload : packets)
                publisher_.send({.marker = &payload == &packets.back(),
                                 .payload_type = TestPublisher::kVp8,
                                 .sequence = sequences_[i]++,
                                 .timestamp = tick * (90'000 / kPicturesPerSecond),
                                 .ssrc = static_cast<uint32_t>(100 * (number_ + 1) + i)},
                                "1", layers_.size() > 1 ? layers_[i].rid : "", payload);
        }
        for (unsigned due = (tick + 1) * 50 / kPicturesPerSecond; sounds_ < due; ++sounds_) // of 20 ms
            publisher_.send_audio();
    }

    void keep_alive() {
        publisher_.loopback.peer.send_check();
        publisher_.loopback.peer.rtcp.clear();
    }
    void pump() { publisher_.loopback.pump(); }

  private:
    static std::vector<std::string> rids(const std::vector<Layer> &layers) {
        std::vector<std::string> names;
        for (const Layer &layer : layers)
            if (layers.size() > 1)
                names.emplace_back(layer.rid);
        return names;
    }

    const unsigned number_;
    const std::vector<Layer> layers_;
    TestPublisher publisher_;
    std::vector<uint16_t> sequences_;
    unsigned sounds_ = 0;
};

std::string to_base64(const std::string &text) {
    g_autofree gchar *encoded = g_base64_encode(reinterpret_cast<const guchar *>(text.data()), text.size());
    return encoded;
}

std::string from_base64(const std::string &line) {
    gsize size = 0;
    g_autofree guchar *decoded = g_base64_decode(line.c_str(), &size);
    return {reinterpret_cast<char *>(decoded), size};
}

/// Whether it ended by then.
bool stdin_ended(int wait_ms) {
    pollfd in{0, POLLIN, 0};
    return poll(&in, 1, wait_ms) > 0;
}

void stream(const std::vector<std::unique_ptr<Host>> &hosts, const std::vector<Pictures> &media) {
    const TimeNs start = peerwire::monotonic_now();
    TimeNs next_check = start;
    for (unsigned tick = 0; !stdin_ended(0); ++tick) {
        const TimeNs due = start + TimeNs{tick} * peerwire::kNsPerSecond / kPicturesPerSecond;
        while (peerwire::monotonic_now() < due) {
            for (const auto &host : hosts)
                host->pump();
            if (stdin_ended(kPumpMs))
                return;
        }
        for (const auto &host : hosts)
            host->send(tick, media);
        if (due >= next_check) {
            next_check = due + kCheckEvery;
            for (const auto &host : hosts)
                host->keep_alive();
        }
    }
}

} // namespace

int main(int argc, char **argv) {
    gst_init(&argc, &argv);
    const unsigned count = argc > 1 ? static_cast<unsigned>(g_ascii_strtoull(argv[1], nullptr, 10)) : 2;
    std::vector<Layer> layers(std::begin(kLayers), std::end(kLayers));
    if (argc > 2 && g_str_equal(argv[2], "1"))
        layers = {kLayers[2]};
    std::vector<Pictures> media;
    for (const Layer &layer : layers)
        media.push_back(encode(layer));
    std::vector<std::unique_ptr<Host>> hosts;
    for (unsigned i = 0; i < count; ++i) {
        hosts.push_back(std::make_unique<Host>(i, layers));
        std::cout << to_base64(hosts.back()->offer()) << std::endl;
    }
    for (const auto &host : hosts) {
        std::string line;
        if (!std::getline(std::cin, line))
            return 1;
        host->follow(from_base64(line));
    }
    std::cout << "sending" << std::endl;
    stream(hosts, media);
    return 0;
}
