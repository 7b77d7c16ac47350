// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/job/files.h"
#include "tools/rostrum/job/inspect.h"
#include "tools/rostrum/job/job_error.h"
#include "tools/rostrum/job/jobs.h"
#include "tools/rostrum/job/media.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <gst/video/video.h>
#include <optional>
#include <unistd.h>

namespace rostrum::job {
namespace {

constexpr int kWidth = 1280, kHeight = 720, kFps = 30;
constexpr int kChannels = 2;
constexpr size_t kStepFrames = kSoundRate / kFps; // of sound for a picture
constexpr size_t kMaxCells = 25;

struct Input {
    std::string path;
    uint64_t start_ms, end_ms;
    int channel; ///< of merged channels
    MediaInfo media;
    size_t cell = 0; ///< of a composed picture
    std::unique_ptr<SoundReader> sound = {};
    std::unique_ptr<PictureReader> picture = {};
};

std::vector<Input> read_inputs(const Json &document) {
    std::vector<Input> inputs;
    for (const auto &entry : document.get("inputs").items()) {
        const std::string path = entry.text("path");
        const MediaInfo media = inspect(path);
        const auto start = static_cast<uint64_t>(std::max<int64_t>(entry.get("offsetMs").as_integer(), 0));
        inputs.push_back(
            {path, start, start + media.duration_ms, entry.get("channel").as_integer() == 1 ? 1 : 0, media});
    }
    if (inputs.empty())
        throw JobError("there is nothing to merge");
    return inputs;
}

/// What is encoded goes to a hidden file first; the result appears finished, or not at all.
class Output {
  public:
    Output(const std::string &path, bool picture)
        : path_(path), hidden_(path.substr(0, path.rfind('/') + 1) + "." + file_name(path) + ".new"),
          pipeline_(description(picture)) {
        g_object_set(pipeline_.element("file").get(), "location", hidden_.c_str(), nullptr);
        sound_ = pipeline_.element("sound");
        if (picture)
            picture_ = pipeline_.element("picture");
        pipeline_.play();
    }
    ~Output() { unlink(hidden_.c_str()); }

    void push_sound(const std::vector<float> &frames, uint64_t first_frame) {
        GstBuffer *buffer = gst_buffer_new_memdup(frames.data(), frames.size() * sizeof(float));
        const uint64_t count = frames.size() / kChannels;
        stamp(buffer, gst_util_uint64_scale(first_frame, GST_SECOND, kSoundRate),
              gst_util_uint64_scale(first_frame + count, GST_SECOND, kSoundRate));
        gst_app_src_push_buffer(GST_APP_SRC(sound_.get()), buffer);
        pipeline_.check();
    }

    /// Waits until the encoder takes it.
    void push_picture(const std::vector<guint8> &picture, uint64_t number) {
        GstBuffer *buffer = gst_buffer_new_memdup(picture.data(), picture.size());
        stamp(buffer, gst_util_uint64_scale(number, GST_SECOND, kFps),
              gst_util_uint64_scale(number + 1, GST_SECOND, kFps));
        gst_app_src_push_buffer(GST_APP_SRC(picture_.get()), buffer);
        pipeline_.check();
    }

    Json finish() {
        for (const auto *source : {&sound_, &picture_})
            if (source->get())
                gst_app_src_end_of_stream(GST_APP_SRC(source->get()));
        pipeline_.wait_for_end();
        const MediaInfo media = finalise(hidden_).media;
        if (rename(hidden_.c_str(), path_.c_str()) != 0)
            throw JobError(file_name(path_) + ": cannot be put in its place", false);
        const InputFile file(path_);
        Json result = Json::object({{"path", path_},
                                    {"bytes", file.size()},
                                    {"durationMs", media.duration_ms},
                                    {"format", media.format},
                                    {"audioCodec", media.audio_codec},
                                    {"sha256", sha256_of_file(file)}});
        if (media.width > 0)
            result.set("width", media.width).set("height", media.height).set("videoCodec", media.video_codec);
        return result;
    }

  private:
    /// M/S coding, which avenc_aac is set to force, makes one channel of two that differ.
    static std::string description(bool picture) {
        std::string text = "mp4mux name=mux fragment-duration=1000 ! filesink name=file appsrc name=sound format=time ";
        text += picture ? "max-bytes=0" : "block=true max-bytes=1000000";
        text += " caps=audio/x-raw,format=F32LE,layout=interleaved,channels=2,channel-mask=(bitmask)3,rate=" +
                std::to_string(kSoundRate) +
                " ! audioconvert ! audio/x-raw,channels=2 ! avenc_aac aac-ms=false bitrate=128000 ! aacparse ! queue ! "
                "mux. ";
        if (picture) // the sound is pushed alongside: only one of them may wait
            text +=
                "appsrc name=picture format=time block=true max-bytes=" + std::to_string(kWidth * kHeight * 3 / 2 * 4) +
                " caps=video/x-raw,format=I420,width=" + std::to_string(kWidth) + ",height=" + std::to_string(kHeight) +
                ",framerate=" + std::to_string(kFps) +
                "/1 ! x264enc speed-preset=veryfast bitrate=2500 key-int-max=60 threads=1 ! "
                "video/x-h264,profile=main ! h264parse ! queue ! mux. ";
        return text;
    }

    static void stamp(GstBuffer *buffer, GstClockTime from, GstClockTime to) {
        GST_BUFFER_PTS(buffer) = from;
        GST_BUFFER_DURATION(buffer) = to - from;
    }

    const std::string path_, hidden_;
    Pipeline pipeline_;
    ObjectRef<GstElement> sound_, picture_;
};

void clip(std::vector<float> &frames) {
    for (float &value : frames)
        value = std::clamp(value, -1.0f, 1.0f);
}

/// Adds what an input sounds like in [step, step + 1) to `mix` (interleaved, `channels`). Readers are there only while
/// their input is.
void mix_step(Input &input, uint64_t step, int channels, std::vector<float> &mix) {
    const uint64_t first = step * kStepFrames, start = input.start_ms * kSoundRate / 1000,
                   end = input.end_ms * kSoundRate / 1000;
    if (input.media.audio_codec.empty() || start >= first + kStepFrames || end <= first) {
        if (end <= first)
            input.sound.reset();
        return;
    }
    if (!input.sound)
        input.sound = std::make_unique<SoundReader>(input.path, channels);
    const size_t skip = start > first ? start - first : 0;
    input.sound->mix_into(mix.data() + skip * size_t(channels), kStepFrames - skip);
}

uint64_t last_step(const std::vector<Input> &inputs) {
    uint64_t end = 0;
    for (const auto &input : inputs)
        end = std::max(end, input.end_ms);
    return std::max<uint64_t>(1, (end * kFps + 999) / 1000);
}

/// Inputs that do not overlap share a cell, so that what follows one another fills the picture. Gives how many there
/// are.
size_t place_cells(std::vector<Input> &inputs) {
    std::vector<Input *> pictures;
    for (auto &input : inputs)
        if (input.media.width > 0)
            pictures.push_back(&input);
    std::sort(pictures.begin(), pictures.end(), [](const auto *a, const auto *b) { return a->start_ms < b->start_ms; });
    std::vector<uint64_t> free_from;
    for (Input *input : pictures) {
        size_t cell = 0;
        while (cell < free_from.size() && free_from[cell] > input->start_ms)
            ++cell;
        if (cell == free_from.size())
            free_from.push_back(0);
        free_from[cell] = input->end_ms;
        input->cell = cell;
    }
    if (free_from.size() > kMaxCells)
        throw JobError("more than 25 recordings overlap");
    return free_from.size();
}

/// The composed picture: cells in rows on black.
class Canvas {
  public:
    explicit Canvas(size_t cells)
        : columns_(static_cast<int>(std::ceil(std::sqrt(double(std::max<size_t>(cells, 1)))))),
          rows_((static_cast<int>(std::max<size_t>(cells, 1)) + columns_ - 1) / columns_),
          pixels(kWidth * kHeight * 3 / 2) {}

    int cell_width() const { return kWidth / columns_ & ~1; }
    int cell_height() const { return kHeight / rows_ & ~1; }

    void clear() {
        std::fill(pixels.begin(), pixels.begin() + kWidth * kHeight, guint8(16));
        std::fill(pixels.begin() + kWidth * kHeight, pixels.end(), guint8(128));
    }

    void draw(size_t cell, GstSample *sample) {
        GstVideoInfo info;
        GstVideoFrame frame;
        if (!gst_video_info_from_caps(&info, gst_sample_get_caps(sample)) ||
            !gst_video_frame_map(&frame, &info, gst_sample_get_buffer(sample), GST_MAP_READ))
            return;
        const int x = static_cast<int>(cell) % columns_ * cell_width();
        const int y = static_cast<int>(cell) / columns_ * cell_height();
        guint8 *to = pixels.data();
        for (guint plane = 0; plane < 3; ++plane) {
            const int by = plane ? 2 : 1, width = std::min(cell_width(), GST_VIDEO_FRAME_WIDTH(&frame)) / by;
            const int height = std::min(cell_height(), GST_VIDEO_FRAME_HEIGHT(&frame)) / by;
            const auto *from = static_cast<const guint8 *>(GST_VIDEO_FRAME_PLANE_DATA(&frame, plane));
            for (int row = 0; row < height; ++row)
                std::memcpy(to + size_t(y / by + row) * size_t(kWidth / by) + size_t(x / by),
                            from + size_t(row) * size_t(GST_VIDEO_FRAME_PLANE_STRIDE(&frame, plane)), size_t(width));
            to += size_t(kWidth / by) * size_t(kHeight / by);
        }
        gst_video_frame_unmap(&frame);
    }

  private:
    const int columns_, rows_;

  public:
    std::vector<guint8> pixels;
};

void draw_step(Input &input, uint64_t step, Canvas &canvas) {
    const uint64_t now_ms = step * 1000 / kFps;
    if (input.media.width == 0 || now_ms < input.start_ms || now_ms >= input.end_ms) {
        if (now_ms >= input.end_ms)
            input.picture.reset();
        return;
    }
    if (!input.picture)
        input.picture = std::make_unique<PictureReader>(input.path, canvas.cell_width(), canvas.cell_height());
    if (GstSample *sample = input.picture->at((now_ms - input.start_ms) * GST_MSECOND))
        canvas.draw(input.cell, sample);
}

} // namespace

Json merge_channels(const Json &document, Report &report) {
    std::vector<Input> inputs = read_inputs(document);
    Output output(document.text("path"), false);
    const uint64_t steps = last_step(inputs);
    std::vector<float> mono[kChannels], both(kStepFrames * kChannels);
    for (uint64_t step = 0; step < steps; ++step) {
        for (auto &channel : mono)
            channel.assign(kStepFrames, 0);
        for (auto &input : inputs)
            mix_step(input, step, 1, mono[input.channel]);
        for (size_t i = 0; i < kStepFrames; ++i)
            for (size_t channel = 0; channel < kChannels; ++channel)
                both[i * kChannels + channel] = mono[channel][i];
        clip(both);
        output.push_sound(both, step * kStepFrames);
        report.progress(double(step) / double(steps));
    }
    return output.finish();
}

Json merge_composed(const Json &document, Report &report) {
    std::vector<Input> inputs = read_inputs(document);
    const size_t cells = place_cells(inputs);
    Output output(document.text("path"), cells > 0);
    Canvas canvas(cells);
    const uint64_t steps = last_step(inputs);
    std::vector<float> mix;
    for (uint64_t step = 0; step < steps; ++step) {
        mix.assign(kStepFrames * kChannels, 0);
        canvas.clear();
        for (auto &input : inputs) {
            mix_step(input, step, kChannels, mix);
            draw_step(input, step, canvas);
        }
        clip(mix);
        output.push_sound(mix, step * kStepFrames);
        if (cells > 0)
            output.push_picture(canvas.pixels, step);
        report.progress(double(step) / double(steps));
    }
    return output.finish();
}

} // namespace rostrum::job
