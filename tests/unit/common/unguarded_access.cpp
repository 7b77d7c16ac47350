// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Must not compile under clang -Wthread-safety -Werror: CI checks that the lock rules are really checked.

#include "sync/mutex.h"

class Counter {
  public:
    void increment() { ++value_; }

  private:
    peerwire::Mutex mutex_;
    int value_ GUARDED_BY(mutex_) = 0;
};

int main() {
    Counter().increment();
}
