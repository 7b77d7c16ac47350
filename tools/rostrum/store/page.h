// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include <cstdint>
#include <vector>

namespace rostrum {

/// One page of a list, pages counted from 1.
struct PageRequest {
    int64_t page = 1, per_page = 20;
    int64_t offset() const { return (page - 1) * per_page; }
};

template <class T> struct Page {
    std::vector<T> items;
    int64_t total = 0;
};

} // namespace rostrum
