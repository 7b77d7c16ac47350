// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livecompositor/video_producer.h"

namespace livecompositor {

namespace {

constexpr TimeNs kPatienceNs = 500'000'000; // a decoder that is started for a tile has its key frame by then
constexpr guint kMinBuffers = 4;            // encoder, queue, fan-out: what is usually on its way

void fill_info(GstVideoInfo *info, const Settings &s) {
    gst_video_info_set_format(info, GST_VIDEO_FORMAT_I420, static_cast<guint>(s.size.w), static_cast<guint>(s.size.h));
    GST_VIDEO_INFO_FPS_N(info) = s.fps_n;
    GST_VIDEO_INFO_FPS_D(info) = s.fps_d;
    gst_video_colorimetry_from_string(&info->colorimetry, GST_VIDEO_COLORIMETRY_BT709);
}

void drop_pool(GstBufferPool **pool) {
    if (*pool)
        gst_buffer_pool_set_active(*pool, FALSE);
    gst_clear_object(pool);
}

} // namespace

VideoProducer::~VideoProducer() {
    drop_pool(&pool_);
}

GstCaps *VideoProducer::caps_of(const Settings &settings) {
    GstVideoInfo info;
    fill_info(&info, settings);
    return gst_video_info_to_caps(&info);
}

TimeNs VideoProducer::time_of(uint64_t frame) const {
    return epoch_ + static_cast<TimeNs>(gst_util_uint64_scale(frame, static_cast<guint64>(fps_d_) * GST_SECOND,
                                                              static_cast<guint64>(fps_n_)));
}

void VideoProducer::skip_to(TimeNs time) {
    if (time > next_time())
        frame_ = gst_util_uint64_scale_ceil(static_cast<guint64>(time - epoch_), static_cast<guint64>(fps_n_),
                                            static_cast<guint64>(fps_d_) * GST_SECOND);
}

TimeNs VideoProducer::max_lag() const {
    return 400'000'000;
}

void VideoProducer::restart() {
    drop_pool(&pool_);
    version_ = 0;
    frame_ = 0;
    epoch_ = 0;
    scene_ = Scene();
    builder_ = SceneBuilder(); // its times are of the last run
    tiles_.clear();
    moving_ = false;
    held_until_ = 0;
    composer_ = {};
    const Settings settings = board_.settings();
    fps_n_ = settings.fps_n;
    fps_d_ = settings.fps_d;
}

/// New caps when size or rate changed. A new rate counts from the present picture.
GstCaps *VideoProducer::take_over(const Settings &s) {
    if (pool_ && info_.width == s.size.w && info_.height == s.size.h && fps_n_ == s.fps_n && fps_d_ == s.fps_d)
        return nullptr;
    if (fps_n_ != s.fps_n || fps_d_ != s.fps_d) {
        epoch_ = next_time();
        frame_ = 0;
        fps_n_ = s.fps_n;
        fps_d_ = s.fps_d;
    }
    fill_info(&info_, s);
    GstCaps *caps = gst_video_info_to_caps(&info_);
    drop_pool(&pool_);
    pool_ = gst_video_buffer_pool_new();
    GstStructure *config = gst_buffer_pool_get_config(pool_);
    gst_buffer_pool_config_set_params(config, caps, static_cast<guint>(info_.size), kMinBuffers, 0);
    gst_buffer_pool_set_config(pool_, config);
    gst_buffer_pool_set_active(pool_, TRUE);
    return caps;
}

GstBuffer *VideoProducer::new_buffer() {
    GstBuffer *buffer = nullptr;
    if (gst_buffer_pool_acquire_buffer(pool_, &buffer, nullptr) != GST_FLOW_OK)
        buffer = gst_buffer_new_allocate(nullptr, info_.size, nullptr);
    return buffer;
}

void VideoProducer::tell_tiles(const Scene *next) {
    const TimeNs time = next_time();
    moving_ = scene_.progress(time) < 1;
    std::vector<ShownTile> tiles = shown_tiles(scene_, next, time);
    if (tiles == tiles_)
        return;
    tiles_ = std::move(tiles);
    on_tiles_(tiles_);
}

/// A change that gives a tile to somebody without a picture waits for it rather than showing initials for a moment.
bool VideoProducer::holds_back(const Scene &next) {
    const TimeNs now = next_time();
    const bool awaits =
        next.size == scene_.size && (held_until_ == 0 || now < held_until_) && composer_.awaits_pictures(next, now);
    if (!awaits)
        held_until_ = 0;
    else if (held_until_ == 0)
        held_until_ = now + kPatienceNs;
    return awaits;
}

Producer::Product VideoProducer::produce() {
    Product product;
    if (board_.read(&version_, &snapshot_) || held_until_ > 0) {
        Scene next = builder_.build(snapshot_, scene_, next_time(), g_get_real_time() - board_.delay_ns / 1000);
        const bool held = holds_back(next);
        if (!held) {
            product.caps = take_over(snapshot_.settings);
            scene_ = std::move(next);
            composer_.adopt(scene_);
        }
        tell_tiles(held ? &next : nullptr);
    } else if (moving_) {
        tell_tiles(nullptr);
    }
    const TimeNs time = next_time(), duration = time_of(frame_ + 1) - time;
    product.buffer = new_buffer();
    GstVideoFrame mapped;
    if (gst_video_frame_map(&mapped, &info_, product.buffer, GST_MAP_WRITE)) {
        // Half a period ahead: a picture goes to the nearest frame, not always to a later one.
        composer_.compose(scene_, time, time + duration / 2, picture_of(mapped));
        gst_video_frame_unmap(&mapped);
    }
    if (!scene_.leaving.empty() && scene_.progress(time) >= 1) {
        scene_.leaving.clear();
        composer_.adopt(scene_);
    }
    GST_BUFFER_PTS(product.buffer) = static_cast<GstClockTime>(time);
    GST_BUFFER_DURATION(product.buffer) = static_cast<GstClockTime>(duration);
    ++frame_;
    return product;
}

} // namespace livecompositor
