// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "rtmpegress/rtmp/amf0.h"

#include <bit>

namespace rostrum::rtmp {

using peerwire::ByteReader;

namespace {

// AMF0 2.1
enum Marker : uint8_t {
    kNumber = 0x00,
    kBoolean = 0x01,
    kString = 0x02,
    kObject = 0x03,
    kNull = 0x05,
    kUndefined = 0x06,
    kReference = 0x07,
    kEcmaArray = 0x08,
    kObjectEnd = 0x09,
    kStrictArray = 0x0a,
    kDate = 0x0b,
    kLongString = 0x0c,
    kUnsupported = 0x0d,
    kXmlDocument = 0x0f,
    kTypedObject = 0x10,
};

constexpr int kMaxDepth = 8;       // answers of servers have two levels
constexpr size_t kMaxValues = 512; // in one message

class Parser {
  public:
    explicit Parser(ByteView bytes) : in_(bytes) {}

    bool at_end() const { return in_.left() == 0; }
    /// False when it is malformed or too much.
    bool value(Amf0Value &out, int depth);

  private:
    std::string text(size_t size) {
        const ByteView bytes = in_.bytes(size);
        return {bytes.begin(), bytes.end()};
    }
    bool members(Amf0Value &out, int depth);
    bool strict_array(Amf0Value &out, int depth);

    ByteReader in_;
    size_t values_ = 0;
};

bool Parser::members(Amf0Value &out, int depth) {
    out.type = Amf0Value::Type::Object;
    for (;;) {
        std::string name = text(in_.u16());
        if (!in_.ok())
            return false;
        if (name.empty() && in_.left() > 0) {
            ByteReader ahead = in_;
            if (ahead.u8() == kObjectEnd) {
                in_ = ahead;
                return true;
            }
        }
        Amf0Member member{std::move(name), {}};
        if (!value(member.value, depth + 1))
            return false;
        out.members.push_back(std::move(member));
    }
}

bool Parser::strict_array(Amf0Value &out, int depth) {
    out.type = Amf0Value::Type::Object;
    for (uint32_t left = in_.u32(); in_.ok() && left > 0; left--) {
        Amf0Member member;
        if (!value(member.value, depth + 1))
            return false;
        out.members.push_back(std::move(member));
    }
    return in_.ok();
}

bool Parser::value(Amf0Value &out, int depth) {
    if (depth > kMaxDepth || ++values_ > kMaxValues)
        return false;
    switch (in_.u8()) {
    case kNumber:
        out.type = Amf0Value::Type::Number;
        out.number = std::bit_cast<double>(in_.u64());
        break;
    case kBoolean:
        out.type = Amf0Value::Type::Boolean;
        out.number = in_.u8() != 0;
        break;
    case kString:
        out.type = Amf0Value::Type::String;
        out.text = text(in_.u16());
        break;
    case kLongString:
        out.type = Amf0Value::Type::String;
        out.text = text(in_.u32());
        break;
    case kTypedObject:
        in_.skip(in_.u16());
        return members(out, depth);
    case kEcmaArray:
        in_.skip(4); // a hint only
        return members(out, depth);
    case kObject:
        return members(out, depth);
    case kStrictArray:
        return strict_array(out, depth);
    case kDate:
        in_.skip(10);
        break;
    case kReference:
        in_.skip(2);
        break;
    case kXmlDocument:
        in_.skip(in_.u32());
        break;
    case kNull:
    case kUndefined:
    case kUnsupported:
        break;
    default:
        return false;
    }
    return in_.ok();
}

} // namespace

void Amf0Writer::number(double value) {
    out_.push_back(kNumber);
    append_u64(out_, std::bit_cast<uint64_t>(value));
}

void Amf0Writer::boolean(bool value) {
    out_.push_back(kBoolean);
    out_.push_back(value);
}

void Amf0Writer::string(std::string_view value) {
    if (value.size() > UINT16_MAX) {
        out_.push_back(kLongString);
        append_u32(out_, static_cast<uint32_t>(value.size()));
    } else {
        out_.push_back(kString);
        append_u16(out_, static_cast<uint16_t>(value.size()));
    }
    append(out_, value);
}

void Amf0Writer::null() {
    out_.push_back(kNull);
}

void Amf0Writer::begin_object() {
    out_.push_back(kObject);
}

void Amf0Writer::begin_ecma_array(uint32_t members) {
    out_.push_back(kEcmaArray);
    append_u32(out_, members);
}

void Amf0Writer::key(std::string_view name) {
    name = name.substr(0, UINT16_MAX);
    append_u16(out_, static_cast<uint16_t>(name.size()));
    append(out_, name);
}

void Amf0Writer::end() {
    append_u24(out_, kObjectEnd);
}

const Amf0Value *Amf0Value::find(std::string_view name) const {
    for (const Amf0Member &member : members)
        if (member.name == name)
            return &member.value;
    return nullptr;
}

std::string_view Amf0Value::text_of(std::string_view name) const {
    const Amf0Value *value = find(name);
    return value ? std::string_view(value->text) : std::string_view();
}

std::vector<Amf0Value> parse_amf0(ByteView bytes) {
    std::vector<Amf0Value> values;
    Parser parser(bytes);
    while (!parser.at_end()) {
        Amf0Value value;
        if (!parser.value(value, 0))
            break;
        values.push_back(std::move(value));
    }
    return values;
}

} // namespace rostrum::rtmp
