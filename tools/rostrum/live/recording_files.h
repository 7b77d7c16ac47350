// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What of a recording lies on the disk, and the links to it.

#pragma once

#include "tools/rostrum/base/s3.h"
#include "tools/rostrum/base/signed_links.h"
#include "tools/rostrum/store/outputs.h"

namespace rostrum {

/// Where recordings are, and where they go.
struct RecordingPlaces {
    std::string directory; ///< $STATE/recordings
    SignedLinks links;
    S3Settings s3;
    int64_t split_ms = 0, split_bytes = 0; ///< 0: never
};

struct RecordedFile {
    std::string path;
    std::string type; ///< of its content
    std::string name() const { return path.substr(path.rfind('/') + 1); }
};

std::string content_type(const std::string &path);

/// `details.parts`, and what lies beside them without having been reported: the process was killed before it could.
Json all_parts(const OutputRecord &recording);
/// Every file of a recording: parts, posters, thumbnails.
std::vector<RecordedFile> files_of(const OutputRecord &recording);
/// The object that a file becomes.
std::string object_key(const RecordingPlaces &places, const OutputRecord &recording, const std::string &name);
/// A link to one of its files that works without a token for a while.
std::string file_url(const RecordingPlaces &places, const std::string &public_url, const OutputRecord &recording,
                     const std::string &name, int64_t now_ms);
/// [{filePath, fileUrl}] of its parts.
Json file_details(const RecordingPlaces &places, const std::string &public_url, const OutputRecord &recording,
                  int64_t now_ms);
/// What all webhooks about a recording say: id, and of a participant whose and what.
Json recording_facts(const OutputRecord &recording);

} // namespace rostrum
