// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/store/pages.h"

#include <algorithm>

namespace rostrum {
namespace {

constexpr int kBlockBits = 7; // 128: a block is walked over in less than a tenth of a millisecond

} // namespace

PageStart find_page(Database &database, const std::string &list, const PageRequest &page, Order order,
                    const SeqRange &range, const std::function<int64_t(const SeqRange &)> &count) {
    const bool newest_first = order == Order::NewestFirst;
    PageStart start;
    Query blocks = database.query(
        newest_first ? "SELECT block, n FROM listed WHERE list = ? AND block BETWEEN ? AND ? ORDER BY block DESC"
                     : "SELECT block, n FROM listed WHERE list = ? AND block BETWEEN ? AND ? ORDER BY block");
    blocks.bind(list).bind(range.first >> kBlockBits).bind(range.last >> kBlockBits);
    while (blocks.step()) {
        const int64_t first = blocks.integer(0) << kBlockBits, last = first + (int64_t{1} << kBlockBits) - 1;
        const SeqRange part{std::max(first, range.first), std::min(last, range.last)};
        const int64_t rows = part.first == first && part.last == last ? blocks.integer(1) : count(part);
        if (start.seq < 0 && page.offset() < start.total + rows) {
            start.seq = newest_first ? part.last : part.first;
            start.skip = page.offset() - start.total;
        }
        start.total += rows;
    }
    return start;
}

} // namespace rostrum
