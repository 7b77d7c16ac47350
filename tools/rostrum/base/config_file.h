// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// rostrum.conf: a GKeyFile with one group, [rostrum].

#pragma once

#include <string>
#include <utility>
#include <vector>

namespace rostrum {

struct ConfigLine {
    unsigned number;
    std::string key, value;
};

struct ConfigFile {
    std::vector<ConfigLine> lines;
    std::vector<std::string> errors; ///< "path:line: what is wrong"
};

/// GKeyFile stops at the first fault and knows no line numbers, so faults are found by a scan before it reads the file.
ConfigFile read_config_file(const std::string &path, bool required);

/// Adds keys to a file that is only for its owner (0600), creating it when it is missing. Returns an error text or "".
std::string append_config_file(const std::string &path, const std::vector<std::pair<std::string, std::string>> &values);

/// Creates or replaces a file that is only for its owner. Returns an error text or "".
std::string write_private_file(const std::string &path, const std::string &text);

} // namespace rostrum
