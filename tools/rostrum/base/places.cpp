// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/base/places.h"

#include "tools/rostrum/base/glib_handles.h"
#include "tools/rostrum/base/version.h"

#include <cstdlib>

namespace rostrum {
namespace {

std::string own_directory() {
    const std::string exe = take_string(g_file_read_link("/proc/self/exe", nullptr));
    return exe.substr(0, exe.rfind('/'));
}

bool is_program(const std::string &path) {
    return g_file_test(path.c_str(), G_FILE_TEST_IS_EXECUTABLE);
}

/// `directory`: where the build tree has it.
std::string find_program(const char *variable, const char *directory, const char *name) {
    if (const char *given = std::getenv(variable))
        return given;
    for (const std::string &place : {own_directory() + "/" + directory, own_directory(), std::string(kLibexecDir)}) {
        const std::string path = place + "/" + name;
        if (g_file_test(path.c_str(), G_FILE_TEST_IS_REGULAR) && is_program(path))
            return path;
    }
    return "";
}

} // namespace

std::string find_session_binary() {
    return find_program("ROSTRUM_SESSION_BINARY", "session", "rostrum-session");
}

std::string find_job_binary() {
    return find_program("ROSTRUM_JOB_BINARY", "job", "rostrum-job");
}

void set_plugin_path() {
    const std::string in_build_tree = own_directory() + "/../../plugins";
    std::string path = g_file_test(in_build_tree.c_str(), G_FILE_TEST_IS_DIR) ? in_build_tree : kPluginDir;
    if (const char *former = std::getenv("GST_PLUGIN_PATH"); former && *former)
        path += std::string(":") + former;
    g_setenv("GST_PLUGIN_PATH", path.c_str(), TRUE);
}

} // namespace rostrum
