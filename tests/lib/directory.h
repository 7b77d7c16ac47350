// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include <filesystem>
#include <glib.h>
#include <string>

namespace test {

/// A directory that is gone after the test, with all that is in it.
class Directory {
  public:
    Directory() {
        g_autofree gchar *made = g_dir_make_tmp("rostrum-test-XXXXXX", nullptr);
        g_assert_nonnull(made);
        path_ = made;
    }
    ~Directory() {
        std::error_code ignored; // a process that is being killed may still write there
        std::filesystem::remove_all(path_, ignored);
    }
    Directory(const Directory &) = delete;
    Directory &operator=(const Directory &) = delete;

    std::string operator/(const std::string &name) const { return path_ + "/" + name; }

  private:
    std::string path_;
};

} // namespace test
