// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include <stdexcept>
#include <string>

namespace rostrum::job {

/// Why a job cannot be done. `permanent`: trying again would not help.
struct JobError : std::runtime_error {
    explicit JobError(const std::string &what, bool is_permanent = true)
        : std::runtime_error(what), permanent(is_permanent) {}
    const bool permanent;
};

/// The disk is full: what is there stays as it is.
struct NoRoom : JobError {
    explicit NoRoom(const std::string &what) : JobError(what, false) {}
};

} // namespace rostrum::job
