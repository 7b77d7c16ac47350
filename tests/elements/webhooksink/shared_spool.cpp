// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Several spools that have one file, as those of several processes do.

#include "spool_in_directory.h"

using namespace rostrum;

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

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/shared-spool/resend-by-another", test_resend_by_another);
    return g_test_run();
}
