// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A file on disks that are well, full, gone, forbidden and blocked.

#include "part_file.h"
#include "waiting.h"

#include <glib.h>
#include <glib/gstdio.h>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>

using namespace rostrum::session;

namespace {

void same(const std::string &got, const std::string &wanted) {
    g_assert_cmpstr(got.c_str(), ==, wanted.c_str());
}

/// What the writer's thread says, to be waited for.
struct Told {
    peerwire::Mutex mutex;
    peerwire::CondVar changed;
    bool opened = false, begun = false, closed = false, failed = false; // under the mutex
    std::string error;

    PartFile::Observer observer() {
        return {[this] { set(&Told::opened); }, [this] { set(&Told::begun); },
                [this](const std::string &why) {
                    error = why;
                    set(&Told::failed);
                },
                [this] { set(&Told::closed); }};
    }
    void set(bool Told::*flag) {
        peerwire::MutexLock lock(mutex);
        this->*flag = true;
        changed.notify_all();
    }
    void wait(bool Told::*flag) {
        peerwire::MutexLock lock(mutex);
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (!(this->*flag))
            if (changed.wait_until(mutex, deadline) == std::cv_status::timeout)
                g_error("the writer says nothing");
    }
    std::string wait_error() {
        wait(&Told::failed);
        return error;
    }
};

std::string directory() {
    g_autofree char *made = g_dir_make_tmp("rostrum-part-XXXXXX", nullptr);
    return made;
}

std::string content(const std::string &path) {
    g_autofree char *text = nullptr;
    gsize size = 0;
    return g_file_get_contents(path.c_str(), &text, &size, nullptr) ? std::string(text, size) : "missing";
}

Bytes bytes(const char *text) {
    const std::string copy = text;
    return {copy.begin(), copy.end()};
}

void test_written() {
    const std::string path = directory() + "/deep/deeper/r.mp4";
    Told told;
    PartFile file(std::make_shared<PartNames>(path), FileFormat::Mp4, told.observer());
    told.wait(&Told::opened);
    same(content(path), "missing"); // it has no valid beginning yet
    g_assert_true(file.append(bytes("one "), 500));
    g_assert_true(file.append(bytes("two"), 900));
    file.finish();
    told.wait(&Told::closed);
    told.wait(&Told::begun);
    same(content(path), "one two");
    g_assert_cmpuint(file.written().bytes, ==, 7);
    g_assert_cmpuint(file.written().end_ms, ==, 900);
    same(content(path + ".new"), "missing");
    g_assert_true(file.over()());
}

/// Not even when somebody made it meanwhile.
void test_nothing_replaced() {
    const std::string path = directory() + "/r.mp4";
    Told told;
    PartFile file(std::make_shared<PartNames>(path), FileFormat::Mp4, told.observer());
    told.wait(&Told::opened);
    g_assert_true(g_file_set_contents(path.c_str(), "former", -1, nullptr));
    g_assert_true(file.append(bytes("new"), 1));
    same(told.wait_error(), "cannot name " + path + ": File exists");
    same(content(path), "former");
}

/// Nobody would find the rest.
void test_removed() {
    const std::string path = directory() + "/r.mp4";
    Told told;
    PartFile file(std::make_shared<PartNames>(path), FileFormat::Mp4, told.observer());
    g_assert_true(file.append(bytes("one"), 1));
    told.wait(&Told::begun);
    g_assert_cmpint(g_unlink(path.c_str()), ==, 0);
    file.append(bytes("two"), 2);
    same(told.wait_error(), "cannot go on with " + path + ": No such file or directory");
}

void test_nothing_written() {
    const std::string path = directory() + "/r.mp4";
    Told told;
    PartFile file(std::make_shared<PartNames>(path), FileFormat::Mp4, told.observer());
    file.finish();
    told.wait(&Told::closed);
    same(content(path), "missing");
    same(content(path + ".new"), "missing");
}

struct BadRow {
    const char *name, *path, *error;
};

const BadRow kBad[] = {
    {"the directory is a file", "/dev/full/r.mp4", "cannot make the directory /dev/full: Not a directory"},
    {"no such file system", "/proc/nowhere/r.mp4", "cannot make the directory /proc/nowhere: "},
};

void test_bad(gconstpointer data) {
    const auto &row = *static_cast<const BadRow *>(data);
    Told told;
    PartFile file(std::make_shared<PartNames>(row.path), FileFormat::Mp4, told.observer());
    const std::string error = told.wait_error();
    g_test_message("%s", error.c_str());
    g_assert_true(g_str_has_prefix(error.c_str(), row.error));
    g_assert_false(file.append(bytes("x"), 1));
    g_assert_cmpuint(file.written().bytes, ==, 0);
}

/// The unit that does not fit is taken back; what was written before stays.
void test_full() {
    const std::string path = directory() + "/r.mp4";
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit before = [] {
        rlimit limit;
        getrlimit(RLIMIT_FSIZE, &limit);
        return limit;
    }();
    rlimit small = before;
    small.rlim_cur = 10;
    setrlimit(RLIMIT_FSIZE, &small);
    Told told;
    PartFile file(std::make_shared<PartNames>(path), FileFormat::Mp4, told.observer());
    file.append(bytes("1234567"), 500);
    file.append(bytes("89012345"), 900);
    const std::string error = told.wait_error();
    setrlimit(RLIMIT_FSIZE, &before);
    same(error, "cannot write " + path + ": File too large");
    same(content(path), "1234567");
    g_assert_cmpuint(file.written().bytes, ==, 7);
    g_assert_cmpuint(file.written().end_ms, ==, 500);
}

/// Nobody waits for a disk that does not answer, and memory is bounded meanwhile.
void test_blocked() {
    const std::string path = directory() + "/r.mp4", pipe = path + ".new";
    g_assert_cmpint(mkfifo(pipe.c_str(), 0600), ==, 0);
    PartFile::Over over;
    Told told;
    {
        PartFile file(std::make_shared<PartNames>(path), FileFormat::Mp4,
                      told.observer()); // opening a pipe blocks until somebody reads
        size_t taken = 0;
        while (file.append(Bytes(1 << 20), 1))
            taken += 1 << 20;
        g_assert_cmpuint(taken, ==, PartFile::kMaxPendingBytes);
        g_assert_false(file.append(bytes("x"), 1));
        g_assert_cmpuint(file.blocked_ms(), <, 60'000);
        over = file.over();
        g_assert_false(over());
    }
    const int reader = open(pipe.c_str(), O_RDONLY | O_NONBLOCK);
    g_assert_cmpint(reader, >=, 0);
    test::wait_for("the writer ends", over);
    close(reader);
}

void test_names() {
    const std::string path = directory() + "/r.mp4", stem = path.substr(0, path.rfind('.'));
    for (const char *rest : {".mp4", ".part2.webm", ".part3.mp4"})
        g_file_set_contents((stem + rest).c_str(), "12345", -1, nullptr);
    PartNames names(path);
    g_assert_false(names.known());
    same(names.claim(FileFormat::Webm), stem + ".part4.webm");
    same(names.claim(FileFormat::Mp4), stem + ".part5.mp4"); // the other one is being written
    names.release(stem + ".part4.webm");
    same(names.claim(FileFormat::Mp4), stem + ".part4.mp4");
    g_assert_true(names.known());
    const auto earlier = names.earlier();
    g_assert_cmpuint(earlier.size(), ==, 3);
    same(earlier[1].path, stem + ".part2.webm");
    g_assert_true(earlier[1].format == FileFormat::Webm);
    g_assert_cmpuint(earlier[1].bytes, ==, 5);
    g_assert_cmpint(std::abs(earlier[1].started_at_ms - g_get_real_time() / 1000), <, 60'000);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/part-file/written", test_written);
    g_test_add_func("/part-file/nothing-replaced", test_nothing_replaced);
    g_test_add_func("/part-file/removed", test_removed);
    g_test_add_func("/part-file/nothing-written", test_nothing_written);
    for (const auto &row : kBad)
        g_test_add_data_func((std::string("/part-file/bad/") + row.name).c_str(), &row, test_bad);
    g_test_add_func("/part-file/full", test_full);
    g_test_add_func("/part-file/blocked", test_blocked);
    g_test_add_func("/part-file/names", test_names);
    return g_test_run();
}
