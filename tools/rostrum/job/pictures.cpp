// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/job/pictures.h"

#include "tools/rostrum/job/files.h"
#include "tools/rostrum/job/frames.h"
#include "tools/rostrum/job/job_error.h"

#include <algorithm>
#include <cstdio>

namespace rostrum::job {
namespace {

constexpr int kPosterWidth = 1280;
constexpr int kTileWidth = 160, kMaxTileHeight = 284; // 9:16 has 284
constexpr uint64_t kMaxTiles = 100;
constexpr uint64_t kColumns = 10;
constexpr uint64_t kMinIntervalMs = 2000; // keyframes are no denser
constexpr char kQuality[] = "85";

struct Size {
    int width, height;
};

/// As large as `limit` allows, never larger than the picture, in its proportions.
Size fitted(const MediaInfo &media, Size limit) {
    const double scale = std::min({1.0, double(limit.width) / media.width, double(limit.height) / media.height});
    return {std::max(2, static_cast<int>(media.width * scale) & ~1),
            std::max(2, static_cast<int>(media.height * scale) & ~1)};
}

void save(const Picture &picture, const std::string &path) {
    gchar *bytes = nullptr;
    gsize size = 0;
    GError *error = nullptr;
    if (!gdk_pixbuf_save_to_buffer(picture.get(), &bytes, &size, "jpeg", &error, "quality", kQuality, nullptr))
        throw JobError("a picture cannot be written: " + take_error(error), false);
    const OwnedText owned(bytes);
    ReplacedFile file(path);
    file.write({bytes, size});
    file.commit();
}

std::string clock_time(uint64_t ms) {
    char text[32];
    std::snprintf(text, sizeof text, "%02u:%02u:%02u.%03u", unsigned(ms / 3600000), unsigned(ms / 60000 % 60),
                  unsigned(ms / 1000 % 60), unsigned(ms % 1000));
    return text;
}

/// Tiles in rows of ten, and the text that says which one belongs to which time.
class Sheet {
  public:
    Sheet(Size tile, uint64_t count, std::string name)
        : tile_(tile), columns_(std::min(count, kColumns)), name_(std::move(name)) {
        const uint64_t rows = (count + kColumns - 1) / kColumns;
        picture = Picture::adopt(
            gdk_pixbuf_new(GDK_COLORSPACE_RGB, FALSE, 8, tile.width * int(columns_), tile.height * int(rows)));
        if (!picture)
            throw JobError("there is no memory for the thumbnails", false);
        gdk_pixbuf_fill(picture.get(), 0);
    }

    void add(uint64_t index, const Picture &frame, uint64_t from_ms, uint64_t to_ms) {
        const int x = int(index % columns_) * tile_.width, y = int(index / columns_) * tile_.height;
        if (frame) {
            const auto small =
                Picture::adopt(gdk_pixbuf_scale_simple(frame.get(), tile_.width, tile_.height, GDK_INTERP_BILINEAR));
            if (small)
                gdk_pixbuf_copy_area(small.get(), 0, 0, tile_.width, tile_.height, picture.get(), x, y);
        }
        text += "\n" + clock_time(from_ms) + " --> " + clock_time(to_ms) + "\n" + name_ + "#xywh=" + std::to_string(x) +
                "," + std::to_string(y) + "," + std::to_string(tile_.width) + "," + std::to_string(tile_.height) + "\n";
    }

    Picture picture;
    std::string text = "WEBVTT\n";

  private:
    const Size tile_;
    const uint64_t columns_;
    const std::string name_;
};

} // namespace

Json make_pictures(const std::string &path, const MediaInfo &media, Report &report) {
    const Size size = fitted(media, {kPosterWidth, kPosterWidth});
    const Size tile = fitted(media, {kTileWidth, kMaxTileHeight});
    const uint64_t duration = std::max<uint64_t>(media.duration_ms, 1);
    const uint64_t whole_second = (duration / kMaxTiles + 999) / 1000 * 1000;
    const uint64_t interval = std::max(kMinIntervalMs, whole_second);
    const uint64_t count = std::clamp<uint64_t>((duration + interval / 2) / interval, 1, kMaxTiles);
    const std::string sprite = beside(path, ".thumbnails.jpg"), vtt = beside(path, ".thumbnails.vtt");

    FrameReader frames(path, size.width, size.height);
    Sheet sheet(tile, count, file_name(sprite));
    Picture poster, first;
    for (uint64_t i = 0; i < count; ++i) {
        const Picture frame = frames.at(i * interval);
        if (frame && !first)
            first = frame;
        if (frame && !poster && !is_black(frame.get()))
            poster = frame;
        sheet.add(i, frame, i * interval, i + 1 == count ? duration : (i + 1) * interval);
        report.progress(0.5 + 0.5 * double(i) / double(count));
    }
    if (!first)
        throw JobError("none of its pictures can be decoded");
    save(poster ? poster : first, beside(path, ".jpg"));
    save(sheet.picture, sprite);
    ReplacedFile text(vtt);
    text.write(sheet.text);
    text.commit();
    return Json::object({{"poster", file_name(beside(path, ".jpg"))},
                         {"thumbnails", Json::object({{"sprite", file_name(sprite)},
                                                      {"vtt", file_name(vtt)},
                                                      {"count", count},
                                                      {"intervalMs", interval},
                                                      {"width", tile.width},
                                                      {"height", tile.height}})}});
}

} // namespace rostrum::job
