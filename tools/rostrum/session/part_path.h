// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The names of a recording's files: "ID.mp4", "ID.part2.mp4", …. Reads the directory; reentrant.

#pragma once

#include "state.h"

namespace rostrum::session {

const char *extension_of(FileFormat format); // ".mp4"

/// The name of part `number`, from 1. `path` is that of the first part in the wanted format.
std::string part_path(const std::string &path, unsigned number, FileFormat format);

/// The lowest number that is not `taken` and of which there is no file in any format; nothing when too many exist.
std::optional<unsigned> free_part(const std::string &path, const std::set<unsigned> &taken);

/// The files of a recording that exist, in order.
std::vector<std::string> existing_parts(const std::string &path);

} // namespace rostrum::session
