// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "rtmpegress/media_writer.h"

#include "rtmpegress/rtmp/flv_body.h"

namespace rostrum {

using rtmp::Bytes;
using rtmp::PacketKind;
using rtmp::Publisher;

namespace {

/// A mapped buffer.
class Mapped {
  public:
    explicit Mapped(GstBuffer *buffer) : buffer_(buffer), mapped_(gst_buffer_map(buffer, &info_, GST_MAP_READ)) {}
    ~Mapped() {
        if (mapped_)
            gst_buffer_unmap(buffer_, &info_);
    }
    Mapped(const Mapped &) = delete;
    Mapped &operator=(const Mapped &) = delete;
    rtmp::ByteView bytes() const { return mapped_ ? rtmp::ByteView(info_.data, info_.size) : rtmp::ByteView(); }

  private:
    GstBuffer *const buffer_;
    GstMapInfo info_{};
    const bool mapped_;
};

Bytes codec_data(GstCaps *caps) {
    const GValue *value = gst_structure_get_value(gst_caps_get_structure(caps, 0), "codec_data");
    if (!value)
        return {};
    const Mapped mapped(gst_value_get_buffer(value));
    return {mapped.bytes().begin(), mapped.bytes().end()};
}

rtmp::Metadata::Video describe_video(GstCaps *caps) {
    const GstStructure *fields = gst_caps_get_structure(caps, 0);
    rtmp::Metadata::Video video;
    gst_structure_get_int(fields, "width", &video.width);
    gst_structure_get_int(fields, "height", &video.height);
    int numerator = 0, denominator = 1;
    if (gst_structure_get_fraction(fields, "framerate", &numerator, &denominator) && denominator > 0)
        video.fps = static_cast<double>(numerator) / denominator;
    return video;
}

rtmp::Metadata::Audio describe_audio(GstCaps *caps) {
    const GstStructure *fields = gst_caps_get_structure(caps, 0);
    rtmp::Metadata::Audio audio;
    gst_structure_get_int(fields, "rate", &audio.sample_rate);
    gst_structure_get_int(fields, "channels", &audio.channels);
    return audio;
}

} // namespace

void MediaWriter::write_metadata(Publisher &publisher, Bytes &out) {
    rtmp::Metadata metadata;
    if (GstCaps *caps = tracks_[static_cast<size_t>(MediaKind::Video)].caps.get())
        metadata.video = describe_video(caps);
    if (GstCaps *caps = tracks_[static_cast<size_t>(MediaKind::Audio)].caps.get())
        metadata.audio = describe_audio(caps);
    publisher.write_metadata(rtmp::metadata_body(metadata), out);
}

void MediaWriter::begin(const StreamFormat &format, Publisher &publisher, Bytes &out) {
    for (size_t i = 0; i < kMediaKinds; i++)
        tracks_[i].caps = ref(format.caps[i].get());
    write_metadata(publisher, out);
    for (const MediaKind kind : {MediaKind::Video, MediaKind::Audio})
        if (GstCaps *caps = format.of(kind))
            announce(kind, caps, 0, publisher, out);
}

void MediaWriter::announce(MediaKind kind, GstCaps *caps, uint32_t timestamp_ms, Publisher &publisher, Bytes &out) {
    Track &track = tracks_[static_cast<size_t>(kind)];
    const Bytes data = codec_data(caps);
    if (data.empty() || data == track.codec_data)
        return;
    track.codec_data = data;
    if (kind == MediaKind::Video)
        publisher.write_video(timestamp_ms, {rtmp::avc_tag(PacketKind::SequenceHeader, true, 0), data}, out);
    else
        publisher.write_audio(timestamp_ms, {rtmp::aac_tag(PacketKind::SequenceHeader), data}, out);
}

void MediaWriter::write(const TimedFrame &timed, Publisher &publisher, Bytes &out) {
    const Frame &frame = *timed.frame;
    Track &track = tracks_[static_cast<size_t>(frame.kind)];
    if (track.caps.get() != frame.caps.get() && !gst_caps_is_equal(track.caps.get(), frame.caps.get())) {
        track.caps = ref(frame.caps.get());
        write_metadata(publisher, out);
        announce(frame.kind, frame.caps.get(), timed.dts_ms, publisher, out);
    }
    const Mapped payload(frame.buffer.get());
    if (frame.kind == MediaKind::Video)
        publisher.write_video(timed.dts_ms,
                              {rtmp::avc_tag(PacketKind::Frame, frame.keyframe, timed.composition_ms), payload.bytes()},
                              out);
    else
        publisher.write_audio(timed.dts_ms, {rtmp::aac_tag(PacketKind::Frame), payload.bytes()}, out);
}

} // namespace rostrum
