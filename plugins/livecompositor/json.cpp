// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livecompositor/json.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace livecompositor {

namespace {

constexpr size_t kMaxBytes = 64 << 10;
constexpr int kMaxDepth = 16;
constexpr size_t kMaxMembers = 64; // of one object: names are compared one by one

void append_utf8(std::string &out, uint32_t c) {
    const auto push = [&out](uint32_t byte) { out.push_back(static_cast<char>(byte)); };
    if (c < 0x80) {
        push(c);
    } else if (c < 0x800) {
        push(0xc0 | c >> 6);
        push(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        push(0xe0 | c >> 12);
        push(0x80 | (c >> 6 & 0x3f));
        push(0x80 | (c & 0x3f));
    } else {
        push(0xf0 | c >> 18);
        push(0x80 | (c >> 12 & 0x3f));
        push(0x80 | (c >> 6 & 0x3f));
        push(0x80 | (c & 0x3f));
    }
}

class Reader {
  public:
    explicit Reader(std::string_view text) : text_(text) {}

    JsonResult document() {
        JsonValue value;
        if (text_.size() > kMaxBytes)
            fail("longer than 64 KiB");
        else if (read(value, 0) && (skip_space(), at_ < text_.size()))
            fail("something follows after the end");
        return error_.empty() ? JsonResult{std::move(value), {}} : JsonResult{std::nullopt, error_};
    }

  private:
    bool fail(const std::string &what) {
        if (error_.empty()) {
            JsonValue here;
            mark(here);
            error_ = json_error(here, what);
        }
        return false;
    }
    /// at_ only grows, so each line is counted once.
    void mark(JsonValue &value) {
        for (; marked_ < at_ && marked_ < text_.size(); ++marked_) {
            if (text_[marked_] == '\n') {
                ++line_;
                line_start_ = marked_ + 1;
            }
        }
        value.line = line_;
        value.column = 1 + static_cast<int>(at_ - line_start_);
    }
    char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
    void skip_space() {
        while (at_ < text_.size() && (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r'))
            ++at_;
    }
    bool take(char c) {
        skip_space();
        if (peek() != c)
            return false;
        ++at_;
        return true;
    }
    bool word(std::string_view w) {
        if (text_.substr(at_, w.size()) != w)
            return fail("expected a value");
        at_ += w.size();
        return true;
    }

    bool read(JsonValue &value, int depth) {
        skip_space();
        mark(value);
        if (depth > kMaxDepth)
            return fail("nested too deeply");
        switch (peek()) {
        case '{':
            return read_object(value, depth);
        case '[':
            return read_array(value, depth);
        case '"':
            value.kind = JsonValue::Kind::String;
            return read_string(value.string);
        case 't':
        case 'f':
            value.kind = JsonValue::Kind::Bool;
            value.boolean = peek() == 't';
            return word(value.boolean ? "true" : "false");
        case 'n':
            return word("null");
        default:
            return read_number(value);
        }
    }

    bool read_object(JsonValue &value, int depth) {
        value.kind = JsonValue::Kind::Object;
        ++at_;
        if (take('}'))
            return true;
        do {
            skip_space();
            std::string name;
            JsonValue member;
            if (peek() != '"')
                return fail("expected a name in double quotes");
            if (!read_string(name))
                return false;
            if (value.names.size() >= kMaxMembers)
                return fail("too many members");
            if (value.find(name))
                return fail("'" + name + "' is there twice");
            if (!take(':'))
                return fail("expected ':'");
            if (!read(member, depth + 1))
                return false;
            value.names.push_back(std::move(name));
            value.items.push_back(std::move(member));
        } while (take(','));
        return take('}') || fail("expected ',' or '}'");
    }

    bool read_array(JsonValue &value, int depth) {
        value.kind = JsonValue::Kind::Array;
        ++at_;
        if (take(']'))
            return true;
        do {
            JsonValue item;
            if (!read(item, depth + 1))
                return false;
            value.items.push_back(std::move(item));
        } while (take(','));
        return take(']') || fail("expected ',' or ']'");
    }

    bool read_number(JsonValue &value) {
        value.kind = JsonValue::Kind::Number;
        const char *const begin = text_.data() + at_, *const end = text_.data() + text_.size();
        const bool starts = peek() == '-' || (peek() >= '0' && peek() <= '9');
        if (!starts)
            return fail("expected a value");
        const auto [next, error] = std::from_chars(begin, end, value.number);
        if (error != std::errc() || !std::isfinite(value.number))
            return fail("not a number");
        at_ += static_cast<size_t>(next - begin);
        return true;
    }

    bool read_string(std::string &out) {
        for (++at_; at_ < text_.size(); ++at_) {
            const char c = text_[at_];
            if (c == '"') {
                ++at_;
                return true;
            }
            if (static_cast<unsigned char>(c) < 0x20)
                return fail("control character in a string");
            if (c != '\\')
                out.push_back(c);
            else if (!read_escape(out))
                return false;
        }
        return fail("string without an end");
    }

    /// Leaves at_ on the last character of the escape.
    bool read_escape(std::string &out) {
        constexpr std::string_view kCodes = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
        ++at_;
        if (const size_t i = kCodes.find(peek()); i != std::string_view::npos) {
            out.push_back(kMeanings[i]);
            return true;
        }
        uint32_t c = 0;
        if (peek() != 'u' || !read_hex(c))
            return fail("unknown escape");
        if (c >= 0xd800 && c < 0xdc00) {
            uint32_t low = 0;
            if (text_.substr(at_ + 1, 2) != "\\u" || (at_ += 2, !read_hex(low)) || low < 0xdc00 || low > 0xdfff)
                return fail("half of a surrogate pair");
            c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
        } else if (c >= 0xdc00 && c < 0xe000) {
            return fail("half of a surrogate pair");
        }
        append_utf8(out, c);
        return true;
    }

    bool read_hex(uint32_t &c) {
        if (at_ + 5 > text_.size())
            return false;
        const char *const begin = text_.data() + at_ + 1;
        const auto [next, error] = std::from_chars(begin, begin + 4, c, 16);
        at_ += 4;
        return error == std::errc() && next == begin + 4;
    }

    std::string_view text_;
    size_t at_ = 0;
    size_t marked_ = 0;
    size_t line_start_ = 0;
    int line_ = 1;
    std::string error_;
};

} // namespace

const JsonValue *JsonValue::find(std::string_view name) const {
    const auto it = std::find(names.begin(), names.end(), name);
    return it == names.end() ? nullptr : &items[static_cast<size_t>(it - names.begin())];
}

std::string json_error(const JsonValue &at, const std::string &text) {
    return "line " + std::to_string(at.line) + ", column " + std::to_string(at.column) + ": " + text;
}

JsonResult parse_json(std::string_view text) {
    return Reader(text).document();
}

} // namespace livecompositor
