// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// S3 as far as recordings need it: where an object is, and AWS Signature Version 4. No I/O.

#pragma once

#include "tools/rostrum/base/json.h"

#include <map>

namespace rostrum {

struct S3Settings {
    std::string endpoint; ///< https://host[:port]; "" = no S3
    std::string bucket, region, access_key_id, secret_access_key;
    std::string prefix; ///< of every key
    bool keep_local = false;

    bool enabled() const { return !endpoint.empty(); }
};

/// As rostrum-job gets them, on its standard input.
Json to_json(const S3Settings &settings);
S3Settings s3_settings(const Json &json);

using S3Query = std::map<std::string, std::string>;

/// "host" or "host:port".
std::string s3_host(const S3Settings &settings);
/// `/bucket/key`, escaped; "" as key: the bucket.
std::string s3_path(const S3Settings &settings, const std::string &key);
std::string s3_query_text(const S3Query &query);
/// Headers that sign a request: Authorization, x-amz-date, x-amz-content-sha256.
std::map<std::string, std::string> s3_sign(const S3Settings &settings, const std::string &method,
                                           const std::string &path, const S3Query &query,
                                           const std::string &payload_sha256, int64_t now_ms);
/// A link that reads an object without credentials for a while. AWS allows at most seven days.
std::string s3_presigned_get(const S3Settings &settings, const std::string &key, unsigned lifetime_s, int64_t now_ms);

/// `awsDirPath` of a request: without empty, `.` and `..` segments and control characters, with a slash at the end when
/// something is left.
std::string clean_prefix(const std::string &path);

} // namespace rostrum
