// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "directory.h"
#include "waiting.h"
#include "webhooks/spool.h"

namespace rostrum {

using test::Directory;

inline std::unique_ptr<Spool> open_spool(const std::string &path, uint64_t max_bytes = 0) {
    auto spool = Spool::open({path, "http://a/", max_bytes}, {});
    g_assert_true(spool.ok());
    return std::move(spool).value();
}

inline std::unique_ptr<SpoolFile> open_file(const std::string &path, const std::string &location) {
    auto file = SpoolFile::open(path, location);
    g_assert_true(file.ok());
    return std::move(file).value();
}

/// Waits for it.
inline Delivery first_of(Spool &spool) {
    std::vector<Delivery> heads;
    test::wait_for("a delivery", [&] {
        heads = spool.heads(1, {}, 8).value();
        return !heads.empty();
    });
    return std::move(heads.front());
}

} // namespace rostrum
