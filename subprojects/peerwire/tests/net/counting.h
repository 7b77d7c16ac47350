// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Counts what new and OpenSSL allocate. Replaces both for the whole program: for one source file of a test.

#pragma once

#include <openssl/crypto.h>

#include <malloc.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace peerwire::test {

struct AllocationCount {
    std::atomic<int64_t> live{0};    ///< allocations that are there
    std::atomic<uint64_t> marked{0}; ///< made by threads that are marked, while `marking`
    std::atomic<bool> marking{false};
};
inline AllocationCount allocation_count;
inline thread_local bool thread_is_marked = false;

inline void *counted(void *memory) {
    if (memory == nullptr)
        return nullptr;
    ++allocation_count.live;
    if (thread_is_marked && allocation_count.marking)
        ++allocation_count.marked;
    return memory;
}

inline void release(void *memory) {
    if (memory != nullptr)
        --allocation_count.live;
    std::free(memory);
}

/// First thing in main(): false when OpenSSL has allocated already.
inline bool count_openssl() {
    return CRYPTO_set_mem_functions([](size_t size, const char *, int) { return counted(std::malloc(size)); },
                                    [](void *memory, size_t size, const char *, int) {
                                        if (memory != nullptr)
                                            --allocation_count.live;
                                        return counted(std::realloc(memory, size));
                                    },
                                    [](void *memory, const char *, int) { release(memory); }) == 1;
}

inline void *counting_new(size_t size) {
    void *memory = counted(std::malloc(size > 0 ? size : 1));
    if (memory == nullptr)
        throw std::bad_alloc();
    return memory;
}

} // namespace peerwire::test

void *operator new(size_t size) {
    return peerwire::test::counting_new(size);
}
void *operator new[](size_t size) {
    return peerwire::test::counting_new(size);
}
void operator delete(void *memory) noexcept {
    peerwire::test::release(memory);
}
void operator delete[](void *memory) noexcept {
    peerwire::test::release(memory);
}
void operator delete(void *memory, size_t) noexcept {
    peerwire::test::release(memory);
}
void operator delete[](void *memory, size_t) noexcept {
    peerwire::test::release(memory);
}
