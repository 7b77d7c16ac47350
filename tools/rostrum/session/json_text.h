// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Writing small JSON objects. Reentrant.

#pragma once

#include <json-glib/json-glib.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace rostrum::session {

/// A builder whose root is one object; text() ends it.
class JsonText {
  public:
    JsonText() { json_builder_begin_object(builder_); }

    JsonText &add(const char *name, const std::string &value);
    JsonText &add(const char *name, const char *value) { return add(name, std::string(value)); }
    JsonText &add(const char *name, int64_t value);
    JsonText &add(const char *name, const std::vector<std::string> &values);
    JsonText &begin_array(const char *name);
    JsonText &begin_object();
    JsonText &begin_object(const char *name);
    JsonText &end_object();
    JsonText &end_array();
    /// A member whose value is JSON text already; null when it is not.
    JsonText &add_json(const char *name, const std::string &json);

    std::string text();

  private:
    const std::unique_ptr<JsonBuilder, decltype(&g_object_unref)> owner_{json_builder_new(), g_object_unref};
    JsonBuilder *const builder_ = owner_.get();
};

} // namespace rostrum::session
