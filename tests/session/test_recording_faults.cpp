// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Processes that are killed and disks that fail, in the middle of recordings.

#include "directory.h"
#include "support/ffmpeg.h"
#include "support/media_file.h"
#include "support/recording_details.h"
#include "support/session_process.h"
#include "support/test_host.h"

#include <glib/gstdio.h>
#include <gst/gst.h>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <map>

using test::Directory;
using test::SessionProcess;
using test::TestHost;

namespace {

const std::string kLow = R"("composition":{"quality":"low"})";

struct Kind {
    const char *id, *extension, *json;
};

/// All kinds and formats.
const Kind kKinds[] = {
    {"room", ".mp4", ""},
    {"room-webm", ".webm", R"(,"format":"webm")"},
    {"sound", ".mp4", R"(,"mode":"audio")"},
    {"participant", ".mp4", R"(,"kind":"participant","participant":"ann")"},
    {"participant-webm", ".webm", R"(,"kind":"participant","participant":"ann","format":"webm")"},
    {"composite", ".mp4", R"(,"kind":"composite","participants":[{"id":"ann"}])"},
    {"picture", ".mp4", R"(,"kind":"track","participant":"ann","track":"video")"},
    {"voice", ".mp4", R"(,"kind":"track","participant":"ann","track":"audio")"},
    {"voice-webm", ".webm", R"(,"kind":"track","participant":"ann","track":"audio","format":"webm")"},
};

std::string wanted(const Directory &directory, const std::vector<const Kind *> &kinds) {
    std::string list;
    for (const Kind *kind : kinds)
        list += std::string(list.empty() ? "" : ",") + R"({"id":")" + kind->id + R"(","path":")" +
                directory / (std::string(kind->id) + kind->extension) + "\"" + kind->json + "}";
    return kLow + R"(,"recordings":[)" + list + "]";
}

double now() {
    return static_cast<double>(g_get_monotonic_time()) / G_USEC_PER_SEC;
}

/// The end of the stream of a file that ends first.
double end_of(const std::string &path) {
    double end = 0;
    for (const char *stream : {"v:0", "a:0"})
        if (const auto packets = test::packets_of(path, stream); !packets.empty())
            end = end == 0 ? packets.back().time : std::min(end, packets.back().time);
    return end;
}

/// Three kinds at once, killed at a random moment: what was recorded until a second before is there and plays. The next
/// process goes on in the next part.
void test_killed() {
    const unsigned times = g_test_slow() ? 50 : 3;
    for (unsigned n = 0; n < times; ++n) {
        Directory directory;
        const size_t count = std::size(kKinds);
        const std::vector<const Kind *> kinds{&kKinds[3 * n % count], &kKinds[(3 * n + 1) % count],
                                              &kKinds[(3 * n + 2) % count]};
        std::map<std::string, double> started;
        {
            SessionProcess session;
            TestHost host(session, "ann", {"--width", "320", "--height", "180", "--bitrate", "300"});
            session.wait_event("FeedChanged ann ann video enabled");
            session.set_state(wanted(directory, kinds));
            test::wait_for("starts", [&] {
                for (const Kind *kind : kinds)
                    if (!started.count(kind->id) &&
                        session.seen(std::string("RecordingChanged ") + kind->id + " started"))
                        started[kind->id] = now();
                return started.size() == kinds.size();
            });
            test::run_for_ms(static_cast<unsigned>(g_test_rand_int_range(1000, 3000)));
            session.kill();
            const double killed = now();
            session.wait_exit();
            for (const Kind *kind : kinds) {
                const std::string path = directory / (std::string(kind->id) + kind->extension);
                const double lost = killed - started[kind->id] - end_of(path);
                g_test_message("%s: %.3f s recorded, %.3f s lost", kind->id, killed - started[kind->id], lost);
                test::assert_decodes(path);
                g_assert_cmpfloat(lost, <=, 1.0);
            }
        }
        if (n > 0)
            continue;
        SessionProcess session;
        TestHost host(session, "ann", {"--width", "320", "--height", "180", "--bitrate", "300"});
        session.set_state(wanted(directory, kinds));
        for (const Kind *kind : kinds)
            session.wait_event(std::string("RecordingChanged ") + kind->id + " started");
        test::run_for_ms(1000);
        session.set_state(kLow);
        for (const Kind *kind : kinds) {
            session.wait_event(std::string("RecordingChanged ") + kind->id + " stopped");
            const auto details = test::details_of(session, kind->id);
            g_assert_cmpuint(details.parts.size(), ==, 2);
            g_assert_true(
                g_str_has_suffix(details.parts[1].path.c_str(), (std::string(".part2") + kind->extension).c_str()));
            g_assert_cmpfloat(details.parts[0].started_at, >, 0);
            g_assert_cmpfloat(details.parts[0].started_at, <, details.parts[1].started_at);
            g_assert_cmpfloat(details.parts[0].seconds, >, 0);
            test::assert_decodes(details.parts[1].path);
        }
    }
}

/// The disk of a session.
class BadDisk {
  public:
    std::vector<std::string> environment() const {
        std::vector<std::string> variables{"ROSTRUM_BAD_DISK=" + control_,
                                           std::string("LD_PRELOAD=") + g_getenv("ROSTRUM_BAD_DISK_LIBRARY")};
        if (const char *options = g_getenv("ASAN_OPTIONS")) // its runtime would want to be the first
            variables.push_back(std::string("ASAN_OPTIONS=") + options + ":verify_asan_link_order=0");
        return variables;
    }
    void becomes(const char *state) { g_file_set_contents(control_.c_str(), state, -1, nullptr); }

  private:
    const Directory directory_;
    const std::string control_ = directory_ / "disk";
};

struct FaultRow {
    const char *name, *disk, *error;
};

const FaultRow kFaults[] = {{"full", "full", "No space left on device"}, {"blocked", "blocked", "does not answer"}};

/// The recording fails, and goes on in a new part when the disk is well again.
void test_fault(gconstpointer data) {
    const auto &row = *static_cast<const FaultRow *>(data);
    BadDisk disk;
    SessionProcess session({}, disk.environment());
    const std::string path = session.directory() + "/r.mp4";
    const std::string state = kLow + R"(,"recordings":[{"id":"r","path":")" + path + "\"}]";
    session.set_state(state);
    session.wait_event("RecordingChanged r started");
    test::run_for_ms(2000);
    disk.becomes(row.disk);
    session.wait_event("RecordingChanged r failed");
    const auto failed = test::details_of(session, "r");
    g_test_message("%s", failed.error.c_str());
    g_assert_nonnull(strstr(failed.error.c_str(), row.error));
    g_assert_true(failed.resumes);
    session.snapshot(); // it answers
    test::run_for_ms(1500);
    g_assert_cmpuint(session.count("RecordingChanged r started"), ==, 1);
    disk.becomes("well");
    test::wait_for("going on", [&] { return session.count("RecordingChanged r started") == 2; });
    test::run_for_ms(1500);
    g_assert_cmpuint(session.count("ProgramChanged"), ==, 1); // what the recording is made of stayed
    session.set_state(kLow);
    session.wait_event("RecordingChanged r stopped");
    const auto details = test::details_of(session, "r");
    g_assert_cmpuint(details.parts.size(), ==, 2);
    for (const auto &part : details.parts) {
        test::assert_decodes(part.path);
        g_assert_cmpfloat(part.seconds, >, 1);
        g_assert_cmpfloat(std::fabs(end_of(part.path) - part.seconds), <, 0.7);
    }
    g_assert_false(details.resumes);
}

/// Stopped, and even ended, while the disk is as bad.
void test_stopped_while_failed(gconstpointer data) {
    const auto &row = *static_cast<const FaultRow *>(data);
    BadDisk disk;
    SessionProcess session({}, disk.environment());
    const auto recording = [&](const char *id) {
        return std::string(R"({"id":")") + id + R"(","path":")" + session.directory() + "/" + id + ".mp4\"}";
    };
    session.set_state(kLow + R"(,"recordings":[)" + recording("r") + "," + recording("s") + "]");
    session.wait_event("RecordingChanged r started");
    session.wait_event("RecordingChanged s started");
    test::run_for_ms(1200);
    disk.becomes(row.disk);
    session.wait_event("RecordingChanged r failed");
    session.set_state(kLow + R"(,"recordings":[)" + recording("s") + "]");
    session.wait_event("RecordingChanged r stopped");
    session.end();
    session.wait_event("RecordingChanged s stopped");
    session.wait_event("Ended test");
    g_assert_cmpint(session.wait_exit(), ==, 0);
    test::assert_decodes(session.directory() + "/r.mp4");
}

/// Until nothing fits any more.
void fill(const std::string &path) {
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    const std::string zeros(4096, 0);
    while (write(file, zeros.data(), zeros.size()) > 0) {
    }
    close(file);
}

/// A disk that is really full, and a recording on another one, which misses nothing.
void test_small_disk() {
    Directory directory;
    const std::string disk = directory / "disk";
    g_mkdir(disk.c_str(), 0700);
    // A place of this process and its children: the disk is gone with them.
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=12m") != 0) {
        g_test_skip("mounting a small disk is not allowed here");
        return;
    }
    SessionProcess session;
    const std::string ballast = disk + "/ballast", good = session.directory() + "/good.mp4";
    const std::string state =
        kLow + R"(,"recordings":[{"id":"r","path":")" + disk + R"(/r.mp4"},{"id":"good","path":")" + good + "\"}]";
    session.set_state(state);
    session.wait_event("RecordingChanged r started");
    session.wait_event("RecordingChanged good started");
    test::run_for_ms(1200);
    fill(ballast);
    session.wait_event("RecordingChanged r failed");
    const auto failed = test::details_of(session, "r");
    g_assert_nonnull(strstr(failed.error.c_str(), "No space left on device"));
    g_unlink(ballast.c_str());
    test::wait_for("going on", [&] { return session.count("RecordingChanged r started") == 2; });
    test::run_for_ms(1000);
    session.set_state(kLow);
    session.wait_event("RecordingChanged r stopped");
    session.wait_event("RecordingChanged good stopped");
    for (const auto &part : test::details_of(session, "r").parts)
        test::assert_decodes(part.path);
    umount2(disk.c_str(), MNT_DETACH);
    test::assert_decodes(good);
    const auto sound = test::packets_of(good, "a:0");
    for (size_t i = 2; i < sound.size(); ++i)
        g_assert_cmpfloat(std::fabs(sound[i].time - sound[i - 1].time - 1024 / 48000.0), <, 0.002);
}

/// Somebody tidies up: what is recorded from then on is in a new directory.
void test_directory_removed() {
    Directory directory;
    SessionProcess session;
    const std::string home = directory / "gone", path = home + "/r.mp4";
    session.set_state(kLow + R"(,"recordings":[{"id":"r","path":")" + path + "\"}]");
    session.wait_event("RecordingChanged r started");
    test::run_for_ms(1200);
    g_assert_cmpint(g_unlink(path.c_str()), ==, 0);
    g_assert_cmpint(g_rmdir(home.c_str()), ==, 0);
    session.wait_event("RecordingChanged r failed");
    g_assert_nonnull(strstr(test::details_of(session, "r").error.c_str(), "No such file or directory"));
    test::wait_for("going on", [&] { return session.count("RecordingChanged r started") == 2; });
    test::run_for_ms(700);
    session.set_state(kLow);
    session.wait_event("RecordingChanged r stopped");
    g_assert_cmpuint(test::details_of(session, "r").parts.size(), ==, 1);
    test::assert_decodes(path);
}

/// The directory is a file; it is made when it can be.
void test_directory_gone() {
    Directory directory;
    SessionProcess session;
    const std::string home = directory / "gone", path = home + "/r.mp4";
    g_file_set_contents(home.c_str(), "x", 1, nullptr);
    session.set_state(kLow + R"(,"recordings":[{"id":"r","path":")" + path + "\"}]");
    session.wait_event("RecordingChanged r failed");
    g_assert_nonnull(strstr(test::details_of(session, "r").error.c_str(), "Not a directory"));
    g_assert_cmpuint(session.count("RecordingChanged r started"), ==, 0);
    g_unlink(home.c_str());
    session.wait_event("RecordingChanged r started");
    test::run_for_ms(1000);
    session.set_state(kLow);
    session.wait_event("RecordingChanged r stopped");
    test::assert_decodes(path);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    gst_init(&argc, &argv);
    g_test_add_func("/session/recording-faults/killed", test_killed);
    if (!g_test_slow())
        for (const auto &row : kFaults) {
            g_test_add_data_func((std::string("/session/recording-faults/disk/") + row.name).c_str(), &row, test_fault);
            g_test_add_data_func((std::string("/session/recording-faults/stopped/") + row.name).c_str(), &row,
                                 test_stopped_while_failed);
        }
    g_test_add_func("/session/recording-faults/small-disk", test_small_disk);
    g_test_add_func("/session/recording-faults/directory-gone", test_directory_gone);
    g_test_add_func("/session/recording-faults/directory-removed", test_directory_removed);
    return g_test_run();
}
