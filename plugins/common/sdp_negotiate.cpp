// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "common/sdp_negotiate.h"

#include "common/text.h"

#include <algorithm>
#include <random>

namespace rostrum {

namespace {

constexpr int kUnusable = 100;

/// Constrained baseline is what every browser decodes and encodes; packetization-mode 0 cannot carry FU-A.
int rank_h264(const SdpCodec &codec) {
    if (codec.parameter("packetization-mode") != "1")
        return kUnusable;
    const std::string profile = to_lower(codec.parameter("profile-level-id"));
    if (profile.empty() || profile.size() != 6)
        return 2; // RFC 6184 §8.1: absent means baseline
    if (profile.substr(0, 2) == "42") {
        const bool constraint_set1 = std::string_view("4567cdef").find(profile[2]) != std::string_view::npos;
        return constraint_set1 ? 0 : 1;
    }
    return profile.substr(0, 2) == "4d" ? 3 : profile.substr(0, 2) == "64" ? 4 : 5;
}

/// Lower is better; kUnusable when the variant is not one that we carry.
int rank(const SdpCodec &codec) {
    if (codec.is("H264"))
        return rank_h264(codec);
    if (codec.is("VP9") || codec.is("AV1")) {
        const std::string profile = codec.parameter(codec.is("VP9") ? "profile-id" : "profile");
        return profile.empty() || profile == "0" ? 0 : kUnusable; // 4:2:0, 8 bits
    }
    return 0;
}

const SdpCodec *find_best(const SdpMedia &media, std::string_view name) {
    const SdpCodec *best = nullptr;
    for (const SdpCodec &codec : media.codecs) {
        if (codec.is(name) && rank(codec) != kUnusable && (!best || rank(codec) < rank(*best)))
            best = &codec;
    }
    return best;
}

std::vector<SdpCodec> choose_codecs(const SdpMedia &media, const std::vector<std::string> &wanted,
                                    const std::vector<std::string_view> &feedback) {
    std::vector<SdpCodec> chosen;
    for (const std::string &name : wanted) {
        const SdpCodec *best = find_best(media, name);
        if (!best || std::any_of(chosen.begin(), chosen.end(), [&](const SdpCodec &c) { return c.is(name); }))
            continue;
        chosen.push_back(*best);
        auto &offered = chosen.back().feedback;
        std::vector<std::string> kept;
        for (const std::string_view value : feedback) {
            if (best->has_feedback(value))
                kept.emplace_back(value);
        }
        offered = std::move(kept);
    }
    return chosen;
}

/// RED (RFC 2198) whose blocks are all of `codec`: "111/111".
const SdpCodec *find_red(const SdpMedia &media, const SdpCodec &codec) {
    const auto carries = [&](const SdpCodec &red) {
        const auto blocks = split(red.fmtp, '/');
        return red.is("red") && red.clock_rate == codec.clock_rate && red.channels == codec.channels &&
               blocks.size() >= 2 && std::all_of(blocks.begin(), blocks.end(), [&](std::string_view block) {
                   return block == std::to_string(codec.payload_type);
               });
    };
    const auto found = std::find_if(media.codecs.begin(), media.codecs.end(), carries);
    return found == media.codecs.end() ? nullptr : &*found;
}

/// Behind what it carries, as it is sent only now and then.
void add_red(const SdpMedia &media, std::vector<SdpCodec> &chosen) {
    const auto opus =
        std::find_if(chosen.begin(), chosen.end(), [](const SdpCodec &codec) { return codec.is("opus"); });
    const SdpCodec *red = opus == chosen.end() ? nullptr : find_red(media, *opus);
    if (!red)
        return;
    chosen.push_back(*red);
    chosen.back().feedback.clear();
    chosen.back().rtx.reset();
}

/// RFC 8285 §4.2: ids above 14 need the two-byte form, and our packets may have one form or the other.
void choose_extensions(AnswerMedia &section, const SdpMedia &media, const std::vector<std::string_view> &wanted) {
    constexpr uint8_t kMaxOneByteId = 14;
    section.mixed_extensions = media.mixed_extensions;
    for (const std::string_view uri : wanted) {
        const auto id = media.extension_id(uri);
        if (id && (*id <= kMaxOneByteId || media.mixed_extensions))
            section.extensions.push_back({*id, std::string(uri)});
    }
}

std::string join(const std::vector<std::string> &names) {
    std::string text;
    for (const std::string &name : names)
        text += (text.empty() ? "" : ", ") + name;
    return text;
}

/// "video as VP9, AV1; audio as PCMU": the codecs of the usable sections of that direction.
std::string describe(const SdpOffer &offer, Direction direction) {
    std::string text;
    for (const SdpMedia &media : offer.media) {
        const bool fits = media.direction == direction || media.direction == Direction::SendRecv;
        if (media.rejected || !fits || media.kind == MediaKind::Other)
            continue;
        std::vector<std::string> names;
        for (const SdpCodec &codec : media.codecs) {
            // A variant that is not carried is named as such.
            const std::string name = rank(codec) == kUnusable ? codec.name + " (" + codec.fmtp + ")" : codec.name;
            if (std::find(names.begin(), names.end(), name) == names.end())
                names.push_back(name);
        }
        text += (text.empty() ? "" : "; ") + media.media + " as " + (names.empty() ? "nothing" : join(names));
    }
    return text.empty() ? "nothing" : text;
}

/// RFC 9725 §4.4.3: half a publish would mislead whoever sends it. Sections of other kinds (data channels) are let go.
std::optional<Error> check_whole(const SdpOffer &offer, const Answer &answer, const PublisherPreferences &preferences) {
    for (size_t i = 0; i < offer.media.size(); ++i) {
        const SdpMedia &media = offer.media[i];
        if (answer.media[i].accepted || media.rejected || media.kind == MediaKind::Other)
            continue;
        const bool video = media.kind == MediaKind::Video;
        if (media.direction == Direction::RecvOnly || media.direction == Direction::Inactive)
            return Error{422,
                         "the " + media.media + " section has to be a=sendonly or a=sendrecv: this is for publishing"};
        if (answer.find(media.kind))
            return Error{422, "the offer sends more " + media.media + " than can be taken: " +
                                  std::to_string(video ? preferences.max_video : preferences.max_audio)};
        return Error{422, "the offer sends " + describe(offer, Direction::SendOnly) + "; possible here: " +
                              media.media + " as " + join(video ? preferences.video_codecs : preferences.audio_codecs)};
    }
    return std::nullopt;
}

Error not_acceptable(const char *verb, const std::string &offered, const std::vector<std::string> &video,
                     const std::vector<std::string> &audio) {
    return {406, std::string("the offer ") + verb + " " + offered + "; possible here: video as " + join(video) +
                     "; audio as " + join(audio)};
}

AnswerMedia begin_section(const SdpMedia &media) {
    AnswerMedia section;
    section.kind = media.kind;
    section.mid = media.mid;
    return section;
}

bool any_accepted(const Answer &answer) {
    return std::any_of(answer.media.begin(), answer.media.end(), [](const AnswerMedia &m) { return m.accepted; });
}

/// Non-zero and different from all others of the answer.
class SsrcSource {
  public:
    uint32_t next() {
        uint32_t ssrc = 0;
        while (ssrc == 0 || std::find(used_.begin(), used_.end(), ssrc) != used_.end())
            ssrc = static_cast<uint32_t>(device_());
        used_.push_back(ssrc);
        return ssrc;
    }

    std::string token() {
        constexpr char kDigits[] = "0123456789abcdefghijklmnopqrstuv";
        std::string text;
        for (int i = 0; i < 16; ++i)
            text += kDigits[device_() % 32];
        return text;
    }

  private:
    std::random_device device_;
    std::vector<uint32_t> used_;
};

bool has_rtx(const AnswerMedia &section) {
    return std::any_of(section.codecs.begin(), section.codecs.end(),
                       [](const SdpCodec &c) { return c.rtx.has_value(); });
}

/// A picture's rate can be adapted, a sound's cannot.
bool video_has_feedback(const SdpOffer &offer, std::string_view value) {
    return std::any_of(offer.media.begin(), offer.media.end(), [&](const SdpMedia &media) {
        return media.kind == MediaKind::Video &&
               std::any_of(media.codecs.begin(), media.codecs.end(),
                           [&](const SdpCodec &codec) { return codec.has_feedback(value); });
    });
}

} // namespace

const AnswerMedia *Answer::find(MediaKind kind) const {
    const auto found =
        std::find_if(media.begin(), media.end(), [&](const AnswerMedia &m) { return m.accepted && m.kind == kind; });
    return found == media.end() ? nullptr : &*found;
}

Result<Answer> negotiate_viewer(const SdpOffer &offer, const ViewerPreferences &preferences) {
    SsrcSource random;
    const std::string cname = random.token();
    std::vector<std::string_view> feedback{"goog-remb", "nack", "nack pli", "ccm fir"};
    std::vector<std::string_view> extensions{extension_uri::kMid, extension_uri::kAbsSendTime,
                                             extension_uri::kAbsCaptureTime};
    if (video_has_feedback(offer, "transport-cc") &&
        (preferences.transport_cc || !video_has_feedback(offer, "goog-remb"))) {
        feedback.front() = "transport-cc";
        extensions.push_back(extension_uri::kTransportCc);
    }
    Answer answer;
    answer.sends = true;
    answer.dtls_client = offer.offerer_passive;
    for (const SdpMedia &media : offer.media) {
        AnswerMedia section = begin_section(media);
        const bool receives = media.direction == Direction::RecvOnly || media.direction == Direction::SendRecv;
        const bool wanted = !media.rejected && receives && media.kind != MediaKind::Other && !answer.find(media.kind);
        if (wanted) {
            const bool video = media.kind == MediaKind::Video;
            section.codecs =
                choose_codecs(media, video ? preferences.video_codecs : preferences.audio_codecs, feedback);
            section.accepted = !section.codecs.empty();
            if (!video)
                add_red(media, section.codecs);
        }
        if (section.accepted) {
            choose_extensions(section, media, extensions);
            section.ssrc = random.next();
            section.rtx_ssrc = has_rtx(section) ? random.next() : 0;
            section.cname = cname;
            section.msid_stream = "rostrum";
            section.msid_track = media.kind == MediaKind::Video ? "video" : "audio";
        }
        answer.media.push_back(std::move(section));
    }
    if (!any_accepted(answer))
        return not_acceptable("receives", describe(offer, Direction::RecvOnly), preferences.video_codecs,
                              preferences.audio_codecs);
    return answer;
}

Result<Answer> negotiate_publisher(const SdpOffer &offer, const PublisherPreferences &preferences) {
    const std::vector<std::string_view> feedback{"transport-cc", "nack", "nack pli", "ccm fir"};
    const std::vector<std::string_view> remb_feedback{"goog-remb", "nack", "nack pli", "ccm fir"};
    const std::vector<std::string_view> extensions{extension_uri::kTransportCc, extension_uri::kMid,
                                                   extension_uri::kRid, extension_uri::kRepairedRid,
                                                   extension_uri::kAudioLevel};
    Answer answer;
    answer.dtls_client = offer.offerer_passive;
    unsigned videos = 0, audios = 0;
    for (const SdpMedia &media : offer.media) {
        AnswerMedia section = begin_section(media);
        const bool video = media.kind == MediaKind::Video;
        unsigned &count = video ? videos : audios;
        const bool sends = media.direction == Direction::SendOnly || media.direction == Direction::SendRecv;
        if (!media.rejected && sends && media.kind != MediaKind::Other &&
            count < (video ? preferences.max_video : preferences.max_audio)) {
            const bool transport_cc = media.extension_id(extension_uri::kTransportCc).has_value();
            section.codecs = choose_codecs(media, video ? preferences.video_codecs : preferences.audio_codecs,
                                           transport_cc ? feedback : remb_feedback);
            section.accepted = !section.codecs.empty();
        }
        if (section.accepted) {
            ++count;
            choose_extensions(section, media, extensions);
            section.receive_rids = media.send_rids;
            for (SdpCodec &codec : section.codecs) {
                if (video && preferences.start_bitrate_kbps > 0)
                    codec.fmtp += (codec.fmtp.empty() ? "" : ";") + std::string("x-google-start-bitrate=") +
                                  std::to_string(preferences.start_bitrate_kbps);
            }
        }
        answer.media.push_back(std::move(section));
    }
    if (!any_accepted(answer))
        return not_acceptable("sends", describe(offer, Direction::SendOnly), preferences.video_codecs,
                              preferences.audio_codecs);
    if (const auto error = check_whole(offer, answer, preferences))
        return *error;
    return answer;
}

std::vector<std::string> split_codecs(std::string_view list) {
    std::vector<std::string> names;
    for (const std::string_view name : split(list, ','))
        names.push_back(to_lower(name));
    return names;
}

} // namespace rostrum
