// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Several spools that have one file, as those of several processes do.

#include "spool_in_directory.h"

#include <atomic>
#include <cerrno>

using namespace rostrum;

namespace {

std::atomic<int> syncs = 0;
std::atomic<bool> disk_fails = false;

} // namespace

/// SQLite's, too.
extern "C" int fdatasync(int) {
    ++syncs;
    errno = EIO;
    return disk_fails ? -1 : 0;
}

namespace {

/// What one of two gives up, the other one may have sent again; the first still delivers.
void test_resend_by_another() {
    const Directory directory;
    const std::string path = directory / "spool.db";
    const auto first = open_spool(path);
    for (const char *body : {"1", "2", "3"})
        g_assert_true(first->put(body, "", 1).ok());
    g_assert_true(first->dead(first_of(*first), "HTTP 500", 500));
    Delivery tried = first_of(*first);
    tried.attempts = 3;
    g_assert_true(first->postpone(tried, 5000, "HTTP 500", 500));
    const auto second = open_spool(path);
    test::wait_for("the dead letter", [&] { return second->dead_letters(9).value().size() == 1; });
    g_assert_cmpint(second->resend("").value(), ==, 1);
    test::wait_for("it to be first again", [&] { return first_of(*first).sequence == 1; });
    g_assert_true(first->delivered(first_of(*first), 200));
    g_assert_cmpint(first_of(*first).sequence, ==, 2);
    g_assert_cmpuint(first_of(*first).attempts, ==, 3);
    g_assert_true(second->heads(1, {}, 8).value().empty());
}

bool insert(SpoolFile &file, const char *id) {
    Delivery delivery;
    delivery.id = id;
    delivery.body = "{}";
    return file.begin() && file.insert(delivery) && file.commit();
}

/// What one has put another one reads once that is synced: a number that was seen stands for nothing else later.
void test_read_when_synced() {
    const Directory directory;
    const std::string path = directory / "spool.db";
    const auto reader = open_file(path, "http://a/"), writer = open_file(path, "http://a/");
    g_assert_true(reader->sync() && reader->is_synced());
    const int before = syncs;
    g_assert_true(reader->sync());
    g_assert_cmpint(syncs, >, before);
    g_assert_true(insert(*writer, "msg_1"));
    g_assert_false(reader->is_synced());
    g_assert_true(reader->read(0, 8, 1000).value().empty());
    disk_fails = true;
    g_assert_false(reader->sync());
    disk_fails = false;
    g_assert_true(reader->read(0, 8, 1000).value().empty());
    g_assert_true(reader->sync() && insert(*writer, "msg_2"));
    const std::vector<Delivery> read = reader->read(0, 8, 1000).value();
    g_assert_cmpuint(read.size(), ==, 1);
    g_assert_cmpstr(read.front().id.c_str(), ==, "msg_1");
    g_assert_false(reader->is_synced());
}

/// What others write for their own locations is nothing to sync, or they would wake each other for ever.
void test_other_locations() {
    const Directory directory;
    const std::string path = directory / "spool.db";
    const auto one = open_file(path, "http://a/"), other = open_file(path, "http://b/");
    g_assert_true(one->sync() && insert(*other, "msg_1") && other->sync());
    g_assert_true(one->is_changed_by_others());
    g_assert_true(one->is_synced());
    g_assert_false(one->is_changed_by_others());
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/shared-spool/resend-by-another", test_resend_by_another);
    g_test_add_func("/shared-spool/read-when-synced", test_read_when_synced);
    g_test_add_func("/shared-spool/other-locations", test_other_locations);
    return g_test_run();
}
