// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/live/platforms.h"

#include "plan.h"
#include "tools/rostrum/live/destination_list.h"
#include "tools/rostrum/live/destination_url.h"

#include <algorithm>

namespace rostrum {
namespace {

constexpr unsigned k720 = 1280, k1080 = 1920, k1440 = 2560; // longer sides of 16:9

const std::vector<Platform> kPlatforms = {
    {"YouTube", {"youtube.com"}, {{k1080, 8'000}, {k1440, 25'000}}, 4, false},
    {"Twitch", {"twitch.tv", "contribute.live-video.net"}, {{k1080, 6'000}}, 2, false},
    {"Facebook", {"facebook.com"}, {{k720, 4'000}, {k1080, 6'000}}, 4, true},
    {"LinkedIn", {"linkedin.com", "licdn.com", "channel.media.azure.net"}, {{k1080, 6'000}}, 2, false},
};

bool is_within(const std::string &host, const std::string &domain) {
    if (host.size() < domain.size() ||
        g_ascii_strcasecmp(host.c_str() + host.size() - domain.size(), domain.c_str()) != 0)
        return false;
    return host.size() == domain.size() || host[host.size() - domain.size() - 1] == '.';
}

session::Composition picture_of(const Json &composition) {
    session::Composition picture;
    const std::string quality = composition.text("quality");
    picture.quality = quality == "low"     ? session::Quality::Low
                      : quality == "high"  ? session::Quality::High
                      : quality == "ultra" ? session::Quality::Ultra
                                           : session::Quality::Med;
    if (composition.text("orientation") == "portrait")
        picture.orientation = session::Orientation::Portrait;
    return picture;
}

} // namespace

const Platform *platform_of(const std::string &host) {
    for (const Platform &platform : kPlatforms)
        if (std::any_of(platform.domains.begin(), platform.domains.end(),
                        [&](const char *domain) { return is_within(host, domain); }))
            return &platform;
    return nullptr;
}

StreamShape shape_of(const Json &composition) {
    const session::Composition picture = picture_of(composition);
    const session::FrameSize size = session::frame_size(picture);
    return {size.width, size.height, session::video_kbps(picture.quality), session::kKeyframeSeconds};
}

std::vector<std::string> platform_faults(const Platform &platform, const std::string &scheme,
                                         const StreamShape &shape) {
    std::vector<std::string> faults;
    if (platform.needs_tls && scheme == "rtmp")
        faults.emplace_back("takes rtmps:// only");
    const unsigned side = std::max(shape.width, shape.height);
    const auto limit = std::find_if(platform.sizes.begin(), platform.sizes.end(),
                                    [&](const SizeLimit &each) { return side <= each.side; });
    if (limit == platform.sizes.end())
        faults.push_back("takes pictures of at most " + std::to_string(platform.sizes.back().side) +
                         " px; this stream has " + std::to_string(shape.width) + "x" + std::to_string(shape.height));
    const unsigned max_kbps = limit == platform.sizes.end() ? platform.sizes.back().max_kbps : limit->max_kbps;
    if (shape.kbps > max_kbps)
        faults.push_back("takes at most " + std::to_string(max_kbps) + " kbit/s; this stream has " +
                         std::to_string(shape.kbps));
    if (shape.keyframe_s > platform.max_keyframe_s)
        faults.push_back("wants a keyframe every " + std::to_string(platform.max_keyframe_s) +
                         " s; this stream has one every " + std::to_string(shape.keyframe_s) + " s");
    return faults;
}

Json platform_warnings(const OutputRecord &livestream, const Json &composition) {
    Json warnings = Json::array();
    const StreamShape shape = shape_of(composition);
    for (const Json &destination : livestream.details.get("outputs").items()) {
        const auto url = parse_destination_url(destination.text("url"), destination.text("streamKey"));
        const auto *good = std::get_if<DestinationUrl>(&url);
        const Platform *platform = good && !has_ended(destination) ? platform_of(good->host) : nullptr;
        if (!platform)
            continue;
        for (const std::string &fault : platform_faults(*platform, good->scheme, shape))
            warnings.push(Json::object({{"outputId", destination.text("id")},
                                        {"platform", platform->name},
                                        {"message", std::string(platform->name) + " " + fault}}));
    }
    return warnings;
}

} // namespace rostrum
