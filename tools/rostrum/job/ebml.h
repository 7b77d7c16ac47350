// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// RFC 8794 (EBML) as far as Matroska files need it.

#pragma once

#include "tools/rostrum/job/files.h"

#include <optional>

namespace rostrum::job {

constexpr uint64_t kUnknownSize = UINT64_MAX;

struct Element {
    uint32_t id = 0;
    uint64_t start = 0; ///< of its header
    uint64_t data = 0;  ///< of its payload
    uint64_t size = 0;  ///< of its payload, or kUnknownSize
    uint64_t end() const { return data + size; }
};

/// The element that begins at `at`, or nothing when no whole header of one is there before `limit`. Untrusted bytes.
std::optional<Element> read_element(const InputFile &file, uint64_t at, uint64_t limit);
/// The value of a small number, or `fallback`.
uint64_t read_unsigned(const InputFile &file, const Element &element, uint64_t fallback = 0);
/// A number with the length in front (VINT) inside `bytes`; advances it. Nothing when it is cut off.
std::optional<uint64_t> take_vint(std::string_view &bytes);

class EbmlWriter {
  public:
    void id(uint32_t id);
    /// A size of 8 bytes: what it stands for may be filled in without moving anything.
    void size(uint64_t size);
    void element(uint32_t id, std::string_view payload);
    void unsigned_element(uint32_t id, uint64_t value); ///< 8 bytes
    void double_element(uint32_t id, double value);
    const std::string &str() const { return out_; }

  private:
    std::string out_;
};

} // namespace rostrum::job
