// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/store/database.h"
#include "tools/rostrum/store/page.h"

#include <functional>
#include <limits>

namespace rostrum {

/// Where a page begins in a list that is counted in blocks of 128 numbers (see migration_lists.h): every page costs
/// what the first one costs, and the total nothing.
struct PageStart {
    int64_t total = 0;
    int64_t seq = -1; ///< the first number of its block, in the order of the list; -1: the page is empty
    int64_t skip = 0; ///< rows of the block in front of the page
};

enum class Order { NewestFirst, OldestFirst };

/// Numbers of rows, both of them included.
struct SeqRange {
    int64_t first = 0, last = std::numeric_limits<int64_t>::max();
};

/// Of the rows in `range`: `count` tells how many of them are in a part of a block, where the range begins or ends
/// inside one.
PageStart find_page(Database &database, const std::string &list, const PageRequest &page, Order order,
                    const SeqRange &range = {}, const std::function<int64_t(const SeqRange &)> &count = {});

} // namespace rostrum
