// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/job/files.h"
#include "tools/rostrum/job/inspect.h"
#include "tools/rostrum/job/job_error.h"
#include "tools/rostrum/job/jobs.h"
#include "tools/rostrum/job/mp4_movie.h"
#include "tools/rostrum/job/webm.h"

namespace rostrum::job {
namespace {

constexpr char kEbmlMagic[] = "\x1A\x45\xDF\xA3";

bool begins_as_ebml(const InputFile &file) {
    return file.size() >= 4 && file.read({0, 4}) == std::string(kEbmlMagic, 4);
}

Finalised finalise_webm(const InputFile &file) {
    const Webm webm = read_webm(file);
    if (webm.has_index)
        return {webm.media, false};
    ReplacedFile whole(file.path());
    write_webm(webm, file, whole);
    whole.commit();
    return {webm.media, true};
}

Finalised finalise_mp4(const InputFile &file) {
    const Movie movie = read_movie(file);
    const MediaInfo media = describe_movie(movie);
    if (!movie.fragmented && movie.index_in_front)
        return {media, false};
    ReplacedFile whole(file.path());
    write_movie(movie, file, whole);
    whole.commit();
    return {media, true};
}

} // namespace

MediaInfo inspect(const std::string &path) {
    const InputFile file(path);
    return begins_as_ebml(file) ? read_webm(file).media : describe_movie(read_movie(file));
}

Finalised finalise(const std::string &path) {
    const InputFile file(path);
    if (file.size() == 0)
        throw JobError(file_name(path) + ": it is empty");
    return begins_as_ebml(file) ? finalise_webm(file) : finalise_mp4(file);
}

} // namespace rostrum::job
