// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/job/media_info.h"

namespace rostrum::job {

/// What a recorded file holds, of either format. Throws JobError.
MediaInfo inspect(const std::string &path);

} // namespace rostrum::job
