// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// AMF0 (Action Message Format, 2007): the values in RTMP's commands and metadata.

#pragma once

#include "rtmpegress/rtmp/bytes.h"

#include <string>

namespace rostrum::rtmp {

/// Appends values to `out`, which must outlive it. Reentrant.
class Amf0Writer {
  public:
    explicit Amf0Writer(Bytes &out) : out_(out) {}

    void number(double value);
    void boolean(bool value);
    void string(std::string_view value); // of any length: becomes a long string where it must
    void null();

    /// Members follow as key() and a value each, then end().
    void begin_object();
    void begin_ecma_array(uint32_t members);
    void key(std::string_view name); // cut at 65535 bytes
    void end();

  private:
    Bytes &out_;
};

struct Amf0Member;

/// Types that no server needs to tell us something (dates, references, …) are read and become Other.
struct Amf0Value {
    enum class Type { Other, Number, Boolean, String, Object };
    Type type = Type::Other;
    double number = 0; // booleans: 0 or 1
    std::string text;
    std::vector<Amf0Member> members; // of objects and arrays; a strict array's have no names

    /// Null when there is no such member.
    const Amf0Value *find(std::string_view name) const;
    /// The text of a member, empty when there is none.
    std::string_view text_of(std::string_view name) const;
};

struct Amf0Member {
    std::string name;
    Amf0Value value;
};

/// All values up to the first malformed one. Nesting and number are bounded. Reentrant.
std::vector<Amf0Value> parse_amf0(ByteView bytes);

} // namespace rostrum::rtmp
