// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livecompositor/image_file.h"

#include <fcntl.h>
#include <gdk-pixbuf/gdk-pixbuf.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace livecompositor {

namespace {

// Ordinary progressive JPEGs have about ten; each costs a pass over all pixels, so thousands would take hours.
constexpr int kMaxScans = 24;

struct Unref {
    void operator()(gpointer object) const { g_object_unref(object); }
};
using PixbufPtr = std::unique_ptr<GdkPixbuf, Unref>;
using LoaderPtr = std::unique_ptr<GdkPixbufLoader, Unref>;

class File {
  public:
    // Does not wait for the other end of a FIFO.
    explicit File(const std::string &path) : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) {}
    File(const File &) = delete;
    File &operator=(const File &) = delete;
    ~File() {
        if (fd_ >= 0)
            close(fd_);
    }
    int fd() const { return fd_; }

  private:
    int fd_;
};

/// Why the file cannot be an image, else its bytes. It may be changed by others while it is read.
std::string read_file(const std::string &path, std::vector<uint8_t> *bytes) {
    const File file(path);
    struct stat info {};
    if (file.fd() < 0 || fstat(file.fd(), &info) != 0)
        return std::string("cannot be read: ") + g_strerror(errno);
    if (!S_ISREG(info.st_mode))
        return "is not a regular file";
    if (info.st_size > kMaxImageBytes)
        return "is larger than 8 MiB: save it with fewer pixels or as JPEG";
    bytes->resize(static_cast<size_t>(info.st_size));
    size_t got = 0;
    while (got < bytes->size()) {
        const ssize_t n = read(file.fd(), bytes->data() + got, bytes->size() - got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return std::string("cannot be read: ") + g_strerror(errno);
        if (n == 0)
            break;
        got += static_cast<size_t>(n);
    }
    bytes->resize(got);
    return {};
}

bool starts_with(std::span<const uint8_t> bytes, std::span<const uint8_t> magic) {
    return bytes.size() >= magic.size() && std::equal(magic.begin(), magic.end(), bytes.begin());
}

/// The loader's name of the type, null for what is not taken.
const char *type_of(std::span<const uint8_t> bytes) {
    constexpr std::array<uint8_t, 8> kPng{0x89, 'P', 'N', 'G', 0x0d, 0x0a, 0x1a, 0x0a};
    constexpr std::array<uint8_t, 3> kJpeg{0xff, 0xd8, 0xff};
    if (starts_with(bytes, kPng))
        return "png";
    return starts_with(bytes, kJpeg) ? "jpeg" : nullptr;
}

/// Markers cannot occur inside the entropy-coded data of a JPEG (T.81, B.1.1.5).
int count_scans(std::span<const uint8_t> bytes) {
    int scans = 0;
    for (size_t i = 0; i + 1 < bytes.size(); ++i)
        scans += bytes[i] == 0xff && bytes[i + 1] == 0xda;
    return scans;
}

/// Called when the header is read: a size of 0 makes the loader stop before it takes memory for the pixels.
void check_size(GdkPixbufLoader *loader, int w, int h, gpointer data) {
    auto *size = static_cast<Size *>(data);
    *size = {w, h};
    if (w < 1 || h < 1 || w > kMaxImageSide || h > kMaxImageSide)
        gdk_pixbuf_loader_set_size(loader, 0, 0);
}

PixbufPtr decode(const char *type, std::span<const uint8_t> bytes, Size *size, std::string *error) {
    GError *failure = nullptr;
    const LoaderPtr loader(gdk_pixbuf_loader_new_with_type(type, &failure));
    PixbufPtr pixbuf;
    if (loader) {
        g_signal_connect(loader.get(), "size-prepared", G_CALLBACK(check_size), size);
        const bool written = gdk_pixbuf_loader_write(loader.get(), bytes.data(), bytes.size(), &failure);
        const bool closed = gdk_pixbuf_loader_close(loader.get(), written ? &failure : nullptr);
        if (GdkPixbuf *raw = written && closed ? gdk_pixbuf_loader_get_pixbuf(loader.get()) : nullptr)
            pixbuf.reset(gdk_pixbuf_apply_embedded_orientation(raw));
    }
    *error = failure ? failure->message : "there is no picture in it";
    g_clear_error(&failure);
    return pixbuf;
}

PixbufPtr shrunk(PixbufPtr pixbuf, int keep_side) {
    const int w = gdk_pixbuf_get_width(pixbuf.get()), h = gdk_pixbuf_get_height(pixbuf.get());
    const double scale = double(keep_side) / std::max(w, h);
    if (scale >= 1)
        return pixbuf;
    return PixbufPtr(gdk_pixbuf_scale_simple(pixbuf.get(), std::max(1, static_cast<int>(w * scale)),
                                             std::max(1, static_cast<int>(h * scale)), GDK_INTERP_BILINEAR));
}

uint32_t premultiplied(const guint8 *p, int channels) {
    const uint32_t a = channels == 4 ? p[3] : 255;
    const auto part = [a](uint32_t v) { return (v * a + 127) / 255; };
    return a << 24 | part(p[0]) << 16 | part(p[1]) << 8 | part(p[2]);
}

std::shared_ptr<const Bitmap> to_bitmap(const GdkPixbuf *pixbuf) {
    auto bitmap = std::make_shared<Bitmap>();
    bitmap->size = {gdk_pixbuf_get_width(pixbuf), gdk_pixbuf_get_height(pixbuf)};
    bitmap->pixels.reserve(static_cast<size_t>(bitmap->size.w) * static_cast<size_t>(bitmap->size.h));
    const int channels = gdk_pixbuf_get_n_channels(pixbuf), stride = gdk_pixbuf_get_rowstride(pixbuf);
    const guint8 *const pixels = gdk_pixbuf_read_pixels(pixbuf);
    for (int y = 0; y < bitmap->size.h; ++y) {
        const guint8 *p = pixels + static_cast<ptrdiff_t>(y) * stride;
        for (int x = 0; x < bitmap->size.w; ++x, p += channels)
            bitmap->pixels.push_back(premultiplied(p, channels));
    }
    return bitmap;
}

} // namespace

LoadedImage decode_image(const std::string &name, std::span<const uint8_t> bytes, int keep_side) {
    const auto refused = [&](const std::string &why) { return LoadedImage{nullptr, "'" + name + "' " + why}; };
    const char *const type = type_of(bytes);
    if (!type)
        return refused("is not a PNG or JPEG image: save it as one of these");
    if (std::strcmp(type, "jpeg") == 0 && count_scans(bytes) > kMaxScans)
        return refused("is a JPEG of too many scans: save it anew");
    Size size;
    std::string error;
    PixbufPtr pixbuf = decode(type, bytes, &size, &error);
    if (size.w > kMaxImageSide || size.h > kMaxImageSide)
        return refused("is " + std::to_string(size.w) + "x" + std::to_string(size.h) +
                       ": shrink it to at most 4096 pixels a side");
    if (pixbuf)
        pixbuf = shrunk(std::move(pixbuf), keep_side);
    if (!pixbuf)
        return refused("cannot be decoded: " + error);
    return {to_bitmap(pixbuf.get()), {}};
}

LoadedImage load_image(const std::string &path, int keep_side) {
    std::vector<uint8_t> bytes;
    const std::string error = read_file(path, &bytes);
    if (!error.empty())
        return {nullptr, "'" + path + "' " + error};
    return decode_image(path, bytes, keep_side);
}

} // namespace livecompositor
