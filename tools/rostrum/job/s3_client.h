// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/base/glib_handles.h"
#include "tools/rostrum/base/s3.h"

#include <libsoup/soup.h>
#include <optional>

namespace rostrum::job {

struct S3Reply {
    unsigned status = 0;
    std::string body, etag; ///< etag without its quotes
    int64_t length = -1;
    bool good() const { return status >= 200 && status < 300; }
    /// <Code> of an error document, or "".
    std::string code() const;
};

/// The calls to S3 that an upload is made of. Each waits for its answer; throws JobError that says what the server
/// said, never a credential. Thread-bound.
class S3Client {
  public:
    explicit S3Client(const S3Settings &settings);

    /// Gives the ETag.
    std::string put(const std::string &key, const std::string &bytes, const std::string &type);
    std::string create_upload(const std::string &key, const std::string &type);
    std::string put_part(const std::string &key, const std::string &upload, int number, const std::string &bytes);
    struct Part {
        int number;
        std::string etag;
    };
    void complete_upload(const std::string &key, const std::string &upload, const std::vector<Part> &parts);
    /// What nobody will complete takes no room any more. Failing is not an error: the bucket's own rules do it later.
    void abort_upload(const std::string &key, const std::string &upload) noexcept;
    /// Size and ETag of an object.
    S3Reply head(const std::string &key);

  private:
    S3Reply call(const char *method, const std::string &key, const S3Query &query, const std::string &body = {},
                 const std::string &type = {});
    S3Reply demand(const char *method, const std::string &key, const S3Query &query, const std::string &body = {},
                   const std::string &type = {});
    const S3Settings settings_;
    const ObjectRef<SoupSession> session_;
};

} // namespace rostrum::job
