// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include <cstdint>
#include <sqlite3.h>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

namespace rostrum {

struct DatabaseError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

using Value = std::variant<std::nullptr_t, int64_t, std::string>;

/// Throws DatabaseError.
void bind_to(sqlite3_stmt *statement, int position, const Value &value);

/// A result that says something of the disk or of who else uses the file, not of the statement.
bool is_disk_fault(int result);

/// A statement that changes something, and what it is run with.
struct Write {
    sqlite3_stmt *statement;
    std::vector<Value> values;
};

/// The writes of a transaction in order, so that they can be done again. Reentrant.
class WriteLog {
  public:
    bool empty() const { return writes_.empty(); }
    size_t size() const { return writes_.size(); }
    size_t bytes() const { return bytes_; }
    void push(Write write);
    void truncate(size_t size);
    /// False at the first one that the disk is in the way of. One that fails by itself is left out from then on.
    bool replay();

  private:
    std::vector<Write> writes_;
    size_t bytes_ = 0;
};

} // namespace rostrum
