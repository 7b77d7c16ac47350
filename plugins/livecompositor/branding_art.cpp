// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livecompositor/branding_art.h"

#include "livecompositor/drawing.h"

#include <algorithm>
#include <cstring>

namespace livecompositor {

namespace {

constexpr double kMinFont = 11; // px
constexpr Color kWhite{0xff, 0xff, 0xff};

std::string cut(const std::string &text, size_t most) {
    return text.size() > most ? text.substr(0, most) : text;
}

void copy_plane(const std::vector<uint8_t> &from, int w, uint8_t *to, int stride, int h) {
    for (int y = 0; y < h; ++y)
        std::memcpy(to + static_cast<ptrdiff_t>(y) * stride, from.data() + static_cast<ptrdiff_t>(y) * w,
                    static_cast<size_t>(w));
}

constexpr const char *kBreaks = "\n|"; // the second is for command lines

std::string trimmed(const std::string &text) {
    const size_t begin = text.find_first_not_of(" \t\r\n"), end = text.find_last_not_of(" \t\r\n");
    return begin == std::string::npos ? std::string() : text.substr(begin, end - begin + 1);
}

/// Title and subtitle.
std::pair<std::string, std::string> two_lines(const std::string &text) {
    const size_t at = text.find_first_of(kBreaks);
    if (at == std::string::npos)
        return {trimmed(text), {}};
    return {trimmed(text.substr(0, at)), trimmed(text.substr(at + 1))};
}

/// Lines as items of one line.
std::string one_line(const std::string &text) {
    constexpr const char *kSeparator = "     \xe2\x80\xa2     "; // bullet
    std::string result;
    for (size_t at = 0; at <= text.size();) {
        const size_t end = std::min(text.find_first_of(kBreaks, at), text.size());
        const std::string item = trimmed(text.substr(at, end - at));
        if (!item.empty())
            result += (result.empty() ? "" : kSeparator) + item;
        at = end + 1;
    }
    return result;
}

} // namespace

double scaled(Size canvas, double px) {
    return px * std::min(canvas.w, canvas.h) / 720;
}

std::shared_ptr<const Sprite> draw_watermark(const Bitmap &bitmap, Size limit, double opacity) {
    const double scale = std::min(double(limit.w) / bitmap.size.w, double(limit.h) / bitmap.size.h);
    const Sheet sheet(
        {std::max(1, static_cast<int>(bitmap.size.w * scale)), std::max(1, static_cast<int>(bitmap.size.h * scale))});
    sheet.cover(bitmap, cairo_image_surface_get_width(sheet.surface), cairo_image_surface_get_height(sheet.surface),
                opacity);
    return std::make_shared<const Sprite>(sheet.sprite());
}

std::shared_ptr<const Image> draw_backdrop(const Bitmap &bitmap, Color behind, Size canvas) {
    const Sheet sheet(canvas);
    sheet.color(behind);
    cairo_paint(sheet.cr);
    sheet.cover(bitmap, canvas.w, canvas.h);
    const Sprite sprite = sheet.sprite();
    auto image = std::make_shared<Image>(sprite.size);
    const Picture p = image->picture();
    copy_plane(sprite.y, p.size.w, p.data[0], p.stride[0], p.size.h);
    copy_plane(sprite.u, p.size.w / 2, p.data[1], p.stride[1], p.size.h / 2);
    copy_plane(sprite.v, p.size.w / 2, p.data[2], p.stride[2], p.size.h / 2);
    return image;
}

std::shared_ptr<const Sprite> draw_slate(const std::string &text, Size canvas) {
    if (text.empty())
        return nullptr;
    const double font = std::max(kMinFont, scaled(canvas, 50));
    const int pad = static_cast<int>(font * 0.8);
    const int room = canvas.w - 4 * pad;
    if (room < static_cast<int>(font))
        return nullptr;
    const Sheet measure({1, 1});
    const Text line(measure.cr, text, font, room, PANGO_WEIGHT_SEMIBOLD);
    const Size size{line.size().w + 2 * pad, line.size().h + 2 * pad};
    const Sheet sheet(size);
    sheet.rounded_rectangle(0, 0, size.w, size.h, font * 0.5);
    sheet.color({0x08, 0x0a, 0x0f}, 0.62);
    cairo_fill(sheet.cr);
    sheet.color(kWhite);
    line.show(sheet.cr, pad, pad);
    return std::make_shared<const Sprite>(sheet.sprite());
}

std::shared_ptr<const Sprite> draw_lower_third(const std::string &text, const Palette &colors, Size canvas) {
    constexpr size_t kMost = 512; // bytes; what is seen is far less
    const auto [title, subtitle] = two_lines(cut(text, kMost));
    if (title.empty() && subtitle.empty())
        return nullptr;
    const double big = std::max(kMinFont, scaled(canvas, 30)), small = std::max(kMinFont, scaled(canvas, 20));
    const int pad = static_cast<int>(big * 0.55), stripe = std::max(2, static_cast<int>(big * 0.22));
    const int room = static_cast<int>(canvas.w * (canvas.w > canvas.h ? 0.6 : 0.88)) - stripe - 3 * pad;
    if (room < static_cast<int>(big))
        return nullptr;
    const Sheet measure({1, 1});
    const Text first(measure.cr, title, big, room, PANGO_WEIGHT_BOLD);
    const Text second(measure.cr, subtitle, small, room, PANGO_WEIGHT_MEDIUM);
    const int first_height = title.empty() ? 0 : first.size().h, second_height = subtitle.empty() ? 0 : second.size().h;
    const int width = std::max(title.empty() ? 0 : first.size().w, subtitle.empty() ? 0 : second.size().w);
    const Size size{stripe + width + 3 * pad, first_height + second_height + pad + pad / 2};
    const Sheet sheet(size);
    sheet.rounded_rectangle(0, 0, size.w, size.h, big * 0.3);
    cairo_clip_preserve(sheet.cr);
    sheet.color(colors.panel, 0.92);
    cairo_fill(sheet.cr);
    cairo_rectangle(sheet.cr, 0, 0, stripe, size.h);
    sheet.color(colors.accent);
    cairo_fill(sheet.cr);
    const double x = stripe + 1.3 * pad, y = 0.75 * pad;
    sheet.color(colors.text);
    if (!title.empty())
        first.show(sheet.cr, x, y);
    sheet.color(colors.text, 0.72);
    if (!subtitle.empty())
        second.show(sheet.cr, x, y + first_height);
    return std::make_shared<const Sprite>(sheet.sprite());
}

TickerText draw_ticker(const std::string &text, const Palette &colors, Size canvas, int height) {
    constexpr size_t kMost = 4096;   // bytes
    constexpr int kMaxWidth = 30000; // px: cairo's sheets end at 32767
    const std::string items = one_line(cut(text, kMost));
    if (items.empty())
        return {};
    const Sheet measure({1, 1});
    const Text line(measure.cr, items, height * 0.5, kMaxWidth, PANGO_WEIGHT_MEDIUM);
    const Sheet sheet({std::max(2, line.size().w), height});
    sheet.color(colors.text);
    line.show(sheet.cr, 0, (height - line.size().h) / 2.0);
    return {std::make_shared<const Sprite>(sheet.sprite()), line.right_to_left()};
}

const Sprite &Digits::of(char sign) const {
    const char *at = std::strchr(kSigns, sign);
    return *sprites[at && *at ? static_cast<size_t>(at - kSigns) : 12];
}

int Digits::width(const std::string &signs) const {
    int sum = 0;
    for (char sign : signs)
        sum += of(sign).size.w;
    return sum;
}

std::shared_ptr<const Digits> draw_digits(double px, Color color) {
    constexpr int kRoom = 10000; // px: no ellipsis
    const double font = std::max(kMinFont, px);
    const Sheet measure({1, 1});
    int digit = 0, height = 0;
    for (char c = '0'; c <= '9'; ++c) {
        const Size size = Text(measure.cr, std::string(1, c), font, kRoom, PANGO_WEIGHT_SEMIBOLD).size();
        digit = std::max(digit, size.w);
        height = std::max(height, size.h);
    }
    auto digits = std::make_shared<Digits>();
    for (size_t i = 0; i < digits->sprites.size(); ++i) {
        const char sign = Digits::kSigns[i];
        const Text text(measure.cr, std::string(1, sign), font, kRoom, PANGO_WEIGHT_SEMIBOLD);
        const int width = even((g_ascii_isdigit(sign) ? digit : text.size().w) + 1);
        const Sheet sheet({std::max(2, width), height});
        sheet.color(color);
        text.show(sheet.cr, (width - text.size().w) / 2.0, (height - text.size().h) / 2.0);
        digits->sprites[i] = std::make_shared<const Sprite>(sheet.sprite());
    }
    digits->height = digits->sprites[0]->size.h;
    return digits;
}

std::shared_ptr<const Sprite> draw_caption(const std::string &text, double px, Color color, int max_width) {
    constexpr size_t kMost = 512; // bytes
    const double font = std::max(kMinFont, px);
    if (text.empty() || max_width < static_cast<int>(font))
        return nullptr;
    const Sheet measure({1, 1});
    const Text line(measure.cr, cut(text, kMost), font, max_width, PANGO_WEIGHT_MEDIUM);
    const Sheet sheet({std::max(2, line.size().w), std::max(2, line.size().h)});
    sheet.color(color, 0.85);
    line.show(sheet.cr, 0, 0);
    return std::make_shared<const Sprite>(sheet.sprite());
}

} // namespace livecompositor
