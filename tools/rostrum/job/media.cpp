// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/job/media.h"

#include "tools/rostrum/job/job_error.h"

#include <algorithm>
#include <cstring>

namespace rostrum::job {
namespace {

constexpr GstClockTime kPullTimeout = 60 * GST_SECOND; // of one buffer, on a busy machine with a slow disk
constexpr uint64_t kGapFrames = kSoundRate / 50;       // smaller ones are rounding

GstClockTime running_time(GstSample *sample) {
    const GstClockTime at = gst_segment_to_running_time(gst_sample_get_segment(sample), GST_FORMAT_TIME,
                                                        GST_BUFFER_PTS(gst_sample_get_buffer(sample)));
    return at == GST_CLOCK_TIME_NONE ? 0 : at;
}

std::string sound_pipeline(int channels) {
    return "filesrc name=file ! decodebin ! audioconvert ! audioresample ! audio/x-raw,format=F32LE,layout=interleaved,"
           "rate=" +
           std::to_string(kSoundRate) + ",channels=" + std::to_string(channels) +
           " ! appsink name=sink sync=false max-buffers=8";
}

std::string picture_pipeline(int width, int height) {
    return "filesrc name=file ! decodebin ! videoconvert ! videoscale add-borders=true ! video/x-raw,format=I420,"
           "pixel-aspect-ratio=1/1,width=" +
           std::to_string(width) + ",height=" + std::to_string(height) +
           " ! appsink name=sink sync=false max-buffers=4";
}

} // namespace

Pipeline::Pipeline(const std::string &description) {
    GError *error = nullptr;
    if (GstElement *made = gst_parse_launch(description.c_str(), &error))
        pipeline_ = ObjectRef<GstElement>::adopt(static_cast<GstElement *>(g_object_ref_sink(made)));
    if (error)
        throw JobError("a pipeline cannot be made: " + take_error(error), false);
}

Pipeline::~Pipeline() {
    gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
}

ObjectRef<GstElement> Pipeline::element(const char *name) const {
    return ObjectRef<GstElement>::adopt(gst_bin_get_by_name(GST_BIN(pipeline_.get()), name));
}

void Pipeline::play() const {
    gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
}

namespace {

[[noreturn]] void throw_message(GstMessage *message) {
    GError *error = nullptr;
    gst_message_parse_error(message, &error, nullptr);
    gst_message_unref(message);
    const bool full = g_error_matches(error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT);
    const std::string text = take_error(error);
    if (full)
        throw NoRoom(text);
    throw JobError(text, false);
}

} // namespace

void Pipeline::check() const {
    const auto bus = ObjectRef<GstBus>::adopt(gst_element_get_bus(pipeline_.get()));
    if (GstMessage *message = gst_bus_pop_filtered(bus.get(), GST_MESSAGE_ERROR))
        throw_message(message);
}

void Pipeline::wait_for_end() const {
    const auto bus = ObjectRef<GstBus>::adopt(gst_element_get_bus(pipeline_.get()));
    GstMessage *message = gst_bus_timed_pop_filtered(bus.get(), GST_CLOCK_TIME_NONE,
                                                     static_cast<GstMessageType>(GST_MESSAGE_ERROR | GST_MESSAGE_EOS));
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR)
        throw_message(message);
    gst_message_unref(message);
}

SoundReader::SoundReader(const std::string &path, int channels)
    : channels_(channels), pipeline_(sound_pipeline(channels)), sink_(pipeline_.element("sink")) {
    g_object_set(pipeline_.element("file").get(), "location", path.c_str(), nullptr);
    pipeline_.play();
}

bool SoundReader::next_buffer() {
    GstSample *sample = gst_app_sink_try_pull_sample(GST_APP_SINK(sink_.get()), kPullTimeout);
    if (!sample) {
        pipeline_.check();
        ended_ = true;
        return false;
    }
    GstMapInfo map;
    GstBuffer *bytes = gst_sample_get_buffer(sample);
    if (gst_buffer_map(bytes, &map, GST_MAP_READ)) {
        buffer_.resize(map.size / sizeof(float));
        std::memcpy(buffer_.data(), map.data, buffer_.size() * sizeof(float));
        gst_buffer_unmap(bytes, &map);
    }
    const uint64_t start = gst_util_uint64_scale(running_time(sample), kSoundRate, GST_SECOND);
    gst_sample_unref(sample);
    buffer_start_ = start > position_ + kGapFrames ? start : position_;
    used_ = start + kGapFrames < position_ ? std::min<uint64_t>((position_ - start) * size_t(channels_), buffer_.size())
                                           : 0;
    return true;
}

void SoundReader::mix_into(float *mix, size_t frames) {
    const auto channels = static_cast<size_t>(channels_);
    while (frames > 0) {
        if (used_ == buffer_.size() && (ended_ || !next_buffer()))
            return;
        if (used_ == 0 && buffer_start_ > position_) { // silence
            const size_t silent = std::min<uint64_t>(frames, buffer_start_ - position_);
            position_ += silent;
            mix += silent * channels;
            frames -= silent;
            continue;
        }
        const size_t some = std::min(frames, (buffer_.size() - used_) / channels);
        for (size_t i = 0; i < some * channels; ++i)
            mix[i] += buffer_[used_ + i];
        used_ += some * channels;
        position_ += some;
        mix += some * channels;
        frames -= some;
    }
}

PictureReader::PictureReader(const std::string &path, int width, int height)
    : pipeline_(picture_pipeline(width, height)), sink_(pipeline_.element("sink")) {
    g_object_set(pipeline_.element("file").get(), "location", path.c_str(), nullptr);
    pipeline_.play();
    pull();
}

PictureReader::~PictureReader() {
    for (GstSample *sample : {shown_, next_})
        if (sample)
            gst_sample_unref(sample);
}

void PictureReader::pull() {
    next_ = gst_app_sink_try_pull_sample(GST_APP_SINK(sink_.get()), kPullTimeout);
    if (next_) {
        next_ns_ = running_time(next_);
        const GstClockTime length = GST_BUFFER_DURATION(gst_sample_get_buffer(next_));
        end_ns_ = next_ns_ + (length == GST_CLOCK_TIME_NONE ? 0 : length);
    } else {
        pipeline_.check();
        ended_ = true;
    }
}

GstSample *PictureReader::at(uint64_t ns) {
    while (next_ && next_ns_ <= ns) {
        if (shown_)
            gst_sample_unref(shown_);
        shown_ = next_;
        pull();
    }
    return ended_ && ns > end_ns_ + GST_SECOND / 2 ? nullptr : shown_;
}

} // namespace rostrum::job
