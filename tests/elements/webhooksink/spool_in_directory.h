// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "waiting.h"
#include "webhooks/spool.h"

#include <filesystem>
#include <glib.h>

namespace rostrum {

/// A directory that is gone after the test.
class Directory {
  public:
    Directory() = default;
    ~Directory() {
        std::filesystem::remove_all(path_);
        g_free(path_);
    }
    Directory(const Directory &) = delete;
    Directory &operator=(const Directory &) = delete;
    std::string file(const char *name) const { return std::string(path_) + "/" + name; }

  private:
    gchar *const path_ = g_dir_make_tmp("rostrum-spool-XXXXXX", nullptr);
};

inline std::unique_ptr<Spool> open_spool(const std::string &path, uint64_t max_bytes = 0) {
    auto spool = Spool::open({path, "http://a/", max_bytes}, {});
    g_assert_true(spool.ok());
    return std::move(spool).value();
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
