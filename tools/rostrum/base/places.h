// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include <string>

namespace rostrum {

/// rostrum-session: $ROSTRUM_SESSION_BINARY, beside this program (build tree), or where it is installed. "" if nowhere.
std::string find_session_binary();
/// rostrum-job: $ROSTRUM_JOB_BINARY, or likewise.
std::string find_job_binary();

/// Puts the directory of Rostrum's GStreamer plugins first in GST_PLUGIN_PATH, for this process and its children.
/// Call before GStreamer is initialised and before there are threads.
void set_plugin_path();

} // namespace rostrum
