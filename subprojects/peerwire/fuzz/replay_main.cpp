// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Replays every file of a corpus directory through a fuzzer's entry point, then the same bytes cut short and with
// single bits flipped, so that the ordinary test run exercises the parser without clang.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

namespace {

constexpr size_t kMaxVariants = 512; // bounds the run time of one large corpus file

void run(const std::vector<uint8_t> &bytes) {
    // An exact-size copy lets the sanitizers see a read past the end.
    const std::vector<uint8_t> exact(bytes);
    LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

void run_variants(const std::vector<uint8_t> &bytes) {
    const size_t step = bytes.size() / kMaxVariants + 1;
    for (size_t i = 0; i < bytes.size(); i += step) {
        run({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(i)});
        auto flipped = bytes;
        flipped[i] ^= static_cast<uint8_t>(1u << (i % 8));
        run(flipped);
    }
}

} // namespace

int main(int argc, char **argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: %s CORPUS-DIRECTORY\n", argv[0]);
        return 2;
    }
    size_t count = 0;
    for (const auto &entry : std::filesystem::directory_iterator(argv[1])) {
        std::ifstream file(entry.path(), std::ios::binary);
        const std::vector<uint8_t> bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
        run(bytes);
        run_variants(bytes);
        ++count;
    }
    std::printf("%zu corpus files replayed\n", count);
    return count > 0 ? 0 : 1;
}
