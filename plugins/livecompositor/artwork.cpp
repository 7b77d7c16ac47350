// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livecompositor/artwork.h"

#include "livecompositor/drawing.h"

#include <glib.h>

#include <algorithm>
#include <array>

namespace livecompositor {

namespace {

constexpr double kMinFont = 11, kMaxFont = 24; // px: readable on a phone, modest on a big tile
constexpr Color kHandPill{0xff, 0xc8, 0x3d}, kHandInk{0x1d, 0x17, 0x05};
// Same lightness, so that white initials stay readable on each.
constexpr std::array<Color, 8> kCircles{{{0x3d, 0x7a, 0xd6},
                                         {0x8e, 0x55, 0xc9},
                                         {0xc2, 0x48, 0x7f},
                                         {0xc7, 0x5b, 0x39},
                                         {0x9a, 0x7b, 0x1f},
                                         {0x3f, 0x8f, 0x57},
                                         {0x1f, 0x8a, 0x96},
                                         {0x5f, 0x6c, 0x86}}};

/// Moves to (x, y) and makes a square of side s there 24 units wide.
class IconBox {
  public:
    IconBox(cairo_t *cr, double x, double y, double s) : cr_(cr) {
        cairo_save(cr);
        cairo_translate(cr, x, y);
        cairo_scale(cr, s / 24, s / 24);
        cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
        cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
    }
    IconBox(const IconBox &) = delete;
    IconBox &operator=(const IconBox &) = delete;
    ~IconBox() { cairo_restore(cr_); }

  private:
    cairo_t *cr_;
};

void draw_muted_microphone(cairo_t *cr, double x, double y, double s) {
    const IconBox box(cr, x, y, s);
    cairo_set_line_width(cr, 2);
    cairo_arc(cr, 12, 6, 3, kPi, 0); // capsule
    cairo_arc(cr, 12, 11, 3, 0, kPi);
    cairo_close_path(cr);
    cairo_stroke(cr);
    cairo_arc(cr, 12, 11, 7, 0.1, kPi - 0.1); // stand
    cairo_move_to(cr, 12, 18);
    cairo_line_to(cr, 12, 22);
    cairo_move_to(cr, 3, 3); // slash
    cairo_line_to(cr, 21, 21);
    cairo_stroke(cr);
}

void draw_raised_hand(cairo_t *cr, double x, double y, double s) {
    const IconBox box(cr, x, y, s);
    constexpr std::array<std::array<double, 4>, 5> kFingers{{{7.6, 15, 7.6, 6},
                                                             {10.9, 13, 10.9, 3.2},
                                                             {14.2, 13, 14.2, 3.8},
                                                             {17.5, 15, 17.5, 6.6},
                                                             {7.8, 18, 3.6, 13.6}}}; // the last is the thumb
    cairo_set_line_width(cr, 2.7);
    for (const auto &[x0, y0, x1, y1] : kFingers) {
        cairo_move_to(cr, x0, y0);
        cairo_line_to(cr, x1, y1);
    }
    cairo_stroke(cr);
    cairo_move_to(cr, 6.3, 12.5); // palm
    cairo_line_to(cr, 18.8, 12.5);
    cairo_line_to(cr, 18.8, 16);
    cairo_curve_to(cr, 18.8, 20, 16.5, 22.5, 12.8, 22.5);
    cairo_curve_to(cr, 9.5, 22.5, 7.6, 20.5, 6.3, 17.5);
    cairo_close_path(cr);
    cairo_fill(cr);
}

/// The name without end (g_free) as UTF-8 that can be looked at letter by letter.
gchar *valid_start(const std::string &name) {
    constexpr size_t kEnough = 256; // bytes
    return g_utf8_make_valid(name.c_str(), static_cast<gssize>(std::min(name.size(), kEnough)));
}

struct Letter { ///< as a reader sees it, with all its marks
    const gchar *begin;
    const gchar *end;
    gunichar first;
};

std::vector<Letter> letters_of(const gchar *text) {
    const auto count = static_cast<size_t>(g_utf8_strlen(text, -1));
    std::vector<PangoLogAttr> attributes(count + 1);
    pango_get_log_attrs(text, -1, -1, pango_language_get_default(), attributes.data(), static_cast<int>(count + 1));
    std::vector<Letter> letters;
    const gchar *p = text;
    for (size_t i = 0; i < count; ++i, p = g_utf8_next_char(p)) {
        if (attributes[i].is_cursor_position || letters.empty())
            letters.push_back({p, p, g_utf8_get_char(p)});
        letters.back().end = g_utf8_next_char(p);
    }
    return letters;
}

bool joins_its_neighbour(gunichar c) {
    const GUnicodeScript script = g_unichar_get_script(c);
    return script == G_UNICODE_SCRIPT_ARABIC || script == G_UNICODE_SCRIPT_SYRIAC;
}

std::string upper(const Letter &letter) {
    gchar *text = g_utf8_strup(letter.begin, letter.end - letter.begin);
    std::string result = text;
    g_free(text);
    return result;
}

std::string first_symbol(const std::vector<Letter> &letters) {
    const auto symbol = std::find_if(letters.begin(), letters.end(), [](const Letter &l) {
        return g_unichar_isgraph(l.first) && !g_unichar_ispunct(l.first) && !g_unichar_ismark(l.first) &&
               l.first != 0xfffd;
    });
    const auto emoji = std::find_if(letters.begin(), letters.end(),
                                    [](const Letter &l) { return g_unichar_type(l.first) == G_UNICODE_OTHER_SYMBOL; });
    const auto found = emoji != letters.end() ? emoji : symbol;
    return found != letters.end() && found->first != 0xfffd ? std::string(found->begin, found->end) : std::string();
}

} // namespace

const Palette &palette(bool light) {
    static const Palette kDark{
        {0x0f, 0x12, 0x17}, {0x20, 0x26, 0x2f}, {0x4c, 0x9b, 0xff}, {0x14, 0x19, 0x21}, {0xff, 0xff, 0xff}};
    static const Palette kLight{
        {0xf1, 0xf3, 0xf7}, {0xd5, 0xdb, 0xe4}, {0x1f, 0x6f, 0xe5}, {0xff, 0xff, 0xff}, {0x17, 0x1c, 0x24}};
    return light ? kLight : kDark;
}

std::optional<Color> parse_color(const std::string &text) {
    const bool hex = text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    std::string name = hex ? "#" + text.substr(2) : text;
    if (name.size() == 9 && name[0] == '#')
        name.erase(1, 2); // alpha
    PangoColor color;
    if (!pango_color_parse(&color, name.c_str()))
        return std::nullopt;
    return Color{static_cast<uint8_t>(color.red >> 8), static_cast<uint8_t>(color.green >> 8),
                 static_cast<uint8_t>(color.blue >> 8)};
}

std::string initials(const std::string &name) {
    constexpr const char *kNonJoiner = "\xe2\x80\x8c"; // U+200C: initials are not a word
    gchar *text = valid_start(name);
    const std::vector<Letter> letters = letters_of(text);
    std::string result;
    bool start = true;
    int count = 0;
    for (const Letter &letter : letters) {
        if (start && g_unichar_isalnum(letter.first) && count < 2) {
            result += (count && joins_its_neighbour(letter.first) ? kNonJoiner : "") + upper(letter);
            ++count;
            start = false;
        } else if (!g_unichar_isalnum(letter.first)) {
            const gunichar c = letter.first;
            start = g_unichar_isspace(c) || c == '-' || c == '_' || c == '.';
        }
    }
    if (result.empty())
        result = first_symbol(letters);
    g_free(text);
    return result;
}

std::shared_ptr<const Sprite> draw_label(const Label &label, Size tile) {
    const int marks = label.muted + label.hand;
    if (label.text.empty() && !marks)
        return nullptr;
    const double font = std::clamp(tile.h * 0.042, kMinFont, kMaxFont);
    const int pad = static_cast<int>(font * 0.55), icon = marks ? static_cast<int>(font * 1.2) : 0;
    const int icon_room = marks * (icon + pad / 2) - (marks && label.text.empty() ? pad / 2 : 0);
    const int room = tile.w - 4 * pad - icon_room;
    if (room < static_cast<int>(font))
        return nullptr;
    const Sheet measure({1, 1});
    const Text line(measure.cr, label.text, font, room, PANGO_WEIGHT_MEDIUM);
    const int text_width = label.text.empty() ? 0 : line.size().w;
    const Size size{text_width + icon_room + 2 * pad, std::max(line.size().h, icon) + pad};
    const Sheet sheet(size);
    sheet.rounded_rectangle(0, 0, size.w, size.h, std::min(size.h / 2.0, font * 0.5));
    sheet.color(label.hand ? kHandPill : Color{0x08, 0x0a, 0x0f}, label.hand ? 1 : 0.62);
    cairo_fill(sheet.cr);
    const Color ink = label.hand ? kHandInk : Color{0xff, 0xff, 0xff};
    double x = pad;
    if (label.hand) {
        sheet.color(ink);
        draw_raised_hand(sheet.cr, x, (size.h - icon) / 2.0, icon);
        x += icon + pad / 2;
    }
    if (label.muted) {
        sheet.color(label.hand ? Color{0xb0, 0x1c, 0x1c} : Color{0xff, 0x6b, 0x6b});
        draw_muted_microphone(sheet.cr, x, (size.h - icon) / 2.0, icon);
    }
    sheet.color(ink);
    if (!label.text.empty())
        line.show(sheet.cr, pad + icon_room, (size.h - line.size().h) / 2.0);
    return std::make_shared<const Sprite>(sheet.sprite());
}

std::shared_ptr<const Sprite> draw_badge(const std::string &name, unsigned index, const Bitmap *avatar, Size tile) {
    const int side = std::max(4, even(std::min(tile.w, tile.h) * 0.46));
    const double r = side / 2.0;
    const Sheet sheet({side, side});
    cairo_arc(sheet.cr, r, r, r, 0, 2 * kPi);
    sheet.color(kCircles[(name.empty() ? index : g_str_hash(name.c_str())) % kCircles.size()]);
    if (avatar) { // an avatar with transparency stands on the colour
        cairo_save(sheet.cr);
        cairo_clip_preserve(sheet.cr);
        cairo_fill(sheet.cr);
        sheet.cover(*avatar, side, side);
        cairo_restore(sheet.cr);
        return std::make_shared<const Sprite>(sheet.sprite());
    }
    cairo_fill_preserve(sheet.cr);
    cairo_clip(sheet.cr);
    cairo_set_source_rgb(sheet.cr, 1, 1, 1);
    const std::string letters = initials(name);
    if (letters.empty()) { // head and shoulders
        cairo_arc(sheet.cr, r, r * 0.76, r * 0.3, 0, 2 * kPi);
        cairo_fill(sheet.cr);
        cairo_arc(sheet.cr, r, r * 1.72, r * 0.56, kPi, 2 * kPi);
        cairo_fill(sheet.cr);
    } else {
        const Text text(sheet.cr, letters, std::max(4.0, r * 0.8), 2 * side, PANGO_WEIGHT_SEMIBOLD);
        text.show_ink_centered(sheet.cr, r, r);
    }
    return std::make_shared<const Sprite>(sheet.sprite());
}

void warm_up_fonts() {
    draw_label({"A\xc3\xa4\xe5\xb1\xb1\xf0\x9f\x99\x82", false, false}, {640, 360}); // Latin, Han, emoji
}

} // namespace livecompositor
