// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "net/timer_queue.h"

#include <glib.h>

#include <algorithm>
#include <array>

using namespace peerwire;

namespace {

struct Owner {
    TimerSlot timer;
};

void test_order() {
    std::array<Owner, 4> owners;
    TimerQueue<Owner> queue;
    g_assert_true(queue.next() == kNever);
    g_assert_null(queue.pop(kNever - 1));
    queue.arm(owners[0], 30);
    queue.arm(owners[1], 10);
    queue.arm(owners[2], 20);
    queue.arm(owners[3], 20);
    g_assert_cmpint(queue.next(), ==, 10);
    queue.arm(owners[1], 40);     // later
    queue.arm(owners[0], 5);      // earlier
    queue.arm(owners[3], kNever); // off
    g_assert_null(queue.pop(4));
    g_assert_true(queue.pop(5) == &owners[0]);
    g_assert_null(queue.pop(19));
    g_assert_true(queue.pop(100) == &owners[2]);
    g_assert_true(queue.pop(100) == &owners[1]);
    g_assert_null(queue.pop(100));
    queue.remove(owners[1]); // not there: nothing happens
}

/// Against a plain search, with a fixed seed.
void test_random() {
    std::array<Owner, 50> owners;
    TimerQueue<Owner> queue;
    GRand *random = g_rand_new_with_seed(7);
    for (int step = 0; step < 20'000; ++step) {
        Owner &owner = owners[static_cast<size_t>(g_rand_int_range(random, 0, int(owners.size())))];
        switch (g_rand_int_range(random, 0, 4)) {
        case 0:
            queue.remove(owner);
            break;
        case 1:
            if (Owner *popped = queue.pop(500)) {
                g_assert_true(popped->timer.when == kNever);
            } else {
                g_assert_cmpint(queue.next(), >, 500);
            }
            break;
        default:
            queue.arm(owner, g_rand_int_range(random, 0, 1000));
        }
        const auto least = std::min_element(owners.begin(), owners.end(),
                                            [](const Owner &a, const Owner &b) { return a.timer.when < b.timer.when; });
        g_assert_cmpint(queue.next(), ==, least->timer.when);
    }
    g_rand_free(random);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/timer-queue/order", test_order);
    g_test_add_func("/timer-queue/random", test_random);
    return g_test_run();
}
