// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/job/files.h"
#include "tools/rostrum/job/inspect.h"
#include "tools/rostrum/job/job_error.h"
#include "tools/rostrum/job/jobs.h"
#include "tools/rostrum/job/pictures.h"

namespace rostrum::job {
Json process_part(const Json &document, Report &report) {
    const std::string path = document.text("path");
    Json result = Json::object({{"path", path}});
    Json notes = Json::array();
    MediaInfo media;
    try {
        media = finalise(path).media;
        result.set("finalised", true);
    } catch (const NoRoom &full) { // it plays as it is
        media = inspect(path);
        result.set("finalised", false);
        notes.push(std::string(full.what()));
    }
    report.progress(0.3);
    const InputFile file(path);
    result.set("bytes", file.size());
    result.set("durationMs", media.duration_ms);
    result.set("format", media.format);
    if (media.width > 0)
        result.set("width", media.width).set("height", media.height);
    if (!media.video_codec.empty())
        result.set("videoCodec", media.video_codec);
    if (!media.audio_codec.empty())
        result.set("audioCodec", media.audio_codec);
    result.set("sha256", sha256_of_file(file));
    report.progress(0.5);
    if (media.width > 0 && media.height > 0)
        try {
            const Json pictures = make_pictures(path, media, report);
            result.set("poster", pictures.get("poster")).set("thumbnails", pictures.get("thumbnails"));
        } catch (const JobError &error) { // the recording is worth more than its pictures
            notes.push(std::string(error.what()));
        }
    return result.set("notes", notes);
}

} // namespace rostrum::job
