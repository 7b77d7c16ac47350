// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Recorded files, whole and cut off: what is read can be written, and what was written is read again as the same.

#include "tools/rostrum/job/job_error.h"
#include "tools/rostrum/job/mp4_movie.h"
#include "tools/rostrum/job/webm.h"

#include <cstdlib>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

using namespace rostrum::job;

namespace {

std::string scratch_path() {
    static const std::string path = "/tmp/rostrum-fuzz-" + std::to_string(getpid());
    return path;
}

/// Writes with `write`, and gives what `read` makes of it.
template <class Read, class Write> auto written(Read read, Write write) {
    ReplacedFile out(scratch_path());
    write(out);
    return read(InputFile(out.temporary()));
}

void check(bool good) {
    if (!good)
        std::abort();
}

void try_movie(const InputFile &file) {
    const Movie movie = read_movie(file);
    (void)describe_movie(movie);
    const Movie again = written(read_movie, [&](ReplacedFile &out) { write_movie(movie, file, out); });
    check(again.index_in_front && !again.fragmented && again.tracks.size() == movie.tracks.size());
    for (size_t i = 0; i < movie.tracks.size(); ++i)
        check(again.tracks[i].samples.size() == movie.tracks[i].samples.size());
}

void try_webm(const InputFile &file) {
    const Webm webm = read_webm(file);
    const Webm again = written(read_webm, [&](ReplacedFile &out) { write_webm(webm, file, out); });
    check(again.has_index && again.clusters.size() == webm.clusters.size() && !again.cues.empty());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const int fd = memfd_create("recorded", MFD_CLOEXEC);
    check(fd >= 0 && write(fd, data, size) == static_cast<ssize_t>(size));
    {
        const InputFile file("/proc/self/fd/" + std::to_string(fd));
        for (auto *attempt : {try_movie, try_webm})
            try {
                attempt(file);
            } catch (const JobError &) { // refused with words
            }
    }
    close(fd);
    return 0;
}
