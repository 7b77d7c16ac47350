// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/base/places.h"

#include "tools/rostrum/base/glib_handles.h"
#include "tools/rostrum/base/version.h"

#include <cstdlib>

namespace rostrum {
namespace {

constexpr char kSessionName[] = "rostrum-session";

std::string own_directory() {
    const std::string exe = take_string(g_file_read_link("/proc/self/exe", nullptr));
    return exe.substr(0, exe.rfind('/'));
}

bool is_program(const std::string &path) {
    return g_file_test(path.c_str(), G_FILE_TEST_IS_EXECUTABLE);
}

} // namespace

std::string find_session_binary() {
    if (const char *given = std::getenv("ROSTRUM_SESSION_BINARY"))
        return given;
    for (const std::string &directory : {own_directory() + "/session", own_directory(), std::string(kLibexecDir)}) {
        const std::string path = directory + "/" + kSessionName;
        if (g_file_test(path.c_str(), G_FILE_TEST_IS_REGULAR) && is_program(path))
            return path;
    }
    return "";
}

void set_plugin_path() {
    const std::string in_build_tree = own_directory() + "/../../plugins";
    std::string path = g_file_test(in_build_tree.c_str(), G_FILE_TEST_IS_DIR) ? in_build_tree : kPluginDir;
    if (const char *former = std::getenv("GST_PLUGIN_PATH"); former && *former)
        path += std::string(":") + former;
    g_setenv("GST_PLUGIN_PATH", path.c_str(), TRUE);
}

} // namespace rostrum
