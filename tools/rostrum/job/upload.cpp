// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// {"files": [{path, key, type}], "s3": {…}, "state": {…}}: puts files into a bucket. What has arrived is said after
// each part, {"files": {KEY: {uploadId, partBytes, etags: [], done}}}, and is not sent again by a later run. Each
// object is asked for at the end: its size and, where the server makes ETags the usual way, its checksum have to be
// right.
// {"abort": true}: gives up what the state says is under way.

#include "tools/rostrum/base/digest.h"
#include "tools/rostrum/job/files.h"
#include "tools/rostrum/job/job_error.h"
#include "tools/rostrum/job/jobs.h"
#include "tools/rostrum/job/s3_client.h"
#include "tools/rostrum/job/upload_gone.h"

#include <algorithm>
#include <openssl/evp.h>

namespace rostrum::job {
namespace {

constexpr uint64_t kPartBytes = 8 << 20; // S3 takes no less than 5 MiB, and 10 000 of them
constexpr uint64_t kMaxParts = 10'000;
constexpr uint64_t kUnit = 1 << 20;

std::string md5(const std::string &bytes) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_md5(), nullptr);
    return std::string(reinterpret_cast<char *>(digest), size);
}

bool is_md5(const std::string &etag) {
    return etag.size() == 32 && etag.find_first_not_of("0123456789abcdef") == std::string::npos;
}

uint64_t part_bytes_for(uint64_t size) {
    const uint64_t least = (size + kMaxParts - 1) / kMaxParts;
    return std::max(kPartBytes, (least + kUnit - 1) / kUnit * kUnit);
}

class Uploader {
  public:
    Uploader(const Json &document, Report &report)
        : document_(document), report_(report), client_(s3_settings(document.get("s3"))),
          done_(document.get("state").get("files")) {
        if (!done_.is_object())
            done_ = Json::object();
        for (const auto &file : document.get("files").items())
            total_ += InputFile(file.text("path")).size();
    }

    Json run() {
        for (const auto &file : document_.get("files").items()) {
            const InputFile input(file.text("path"));
            if (!done_.get(file.text("key").c_str()).get("done").as_bool())
                send(input, file.text("key"), file.text("type"));
            sent_before_ += input.size();
        }
        return Json::object({{"files", done_}});
    }

    void abort() {
        for (const auto &key : done_.keys())
            if (const std::string upload = done_.get(key.c_str()).text("uploadId"); !upload.empty())
                client_.abort_upload(key, upload);
    }

  private:
    void send(const InputFile &file, const std::string &key, const std::string &type) {
        try {
            send_once(file, key, type);
        } catch (const UploadGone &) { // the server forgot it: from the start
            remember(key, Json::object());
            send_once(file, key, type);
        }
    }

    void send_once(const InputFile &file, const std::string &key, const std::string &type) {
        if (file.size() <= kPartBytes) {
            const std::string bytes = file.read({0, file.size()});
            client_.put(key, bytes, type);
            check(key, file.size(), hex(md5(bytes)));
        } else {
            send_in_parts(file, key, type);
        }
        remember(key, Json::object({{"done", true}, {"bytes", file.size()}}));
    }

    void send_in_parts(const InputFile &file, const std::string &key, const std::string &type) {
        Json state = done_.get(key.c_str());
        uint64_t part_bytes = static_cast<uint64_t>(state.get("partBytes").as_integer());
        std::string upload = state.text("uploadId");
        std::vector<std::string> etags = state.get("etags").strings();
        if (upload.empty() || part_bytes < kPartBytes) {
            upload = client_.create_upload(key, type);
            part_bytes = part_bytes_for(file.size());
            etags.clear();
            remember(key, upload, part_bytes, etags);
        }
        const uint64_t count = (file.size() + part_bytes - 1) / part_bytes;
        std::string digests;
        for (uint64_t i = 0; i < count; ++i) {
            const std::string bytes = file.read({i * part_bytes, std::min(part_bytes, file.size() - i * part_bytes)});
            const std::string digest = md5(bytes);
            digests += digest;
            if (i < etags.size() && (!is_md5(etags[i]) || etags[i] == hex(digest)))
                continue; // it is there
            etags.resize(i);
            etags.push_back(client_.put_part(key, upload, static_cast<int>(i) + 1, bytes));
            if (is_md5(etags.back()) && etags.back() != hex(digest))
                throw JobError("a part arrived damaged", false);
            remember(key, upload, part_bytes, etags);
            report_.progress(double(sent_before_ + (i + 1) * part_bytes) / double(std::max<uint64_t>(total_, 1)));
        }
        std::vector<S3Client::Part> parts;
        for (size_t i = 0; i < etags.size(); ++i)
            parts.push_back({static_cast<int>(i) + 1, etags[i]});
        const std::string etag = hex(md5(digests)) + "-" + std::to_string(count);
        try {
            client_.complete_upload(key, upload, parts);
        } catch (const UploadGone &) {
            if (!is_there(key, file.size(), etag)) // it was completed, and the answer was lost
                throw;
        }
        check(key, file.size(), etag);
    }

    bool is_there(const std::string &key, uint64_t size, const std::string &etag) {
        try {
            check(key, size, etag);
            return true;
        } catch (const JobError &) {
            return false;
        }
    }

    void check(const std::string &key, uint64_t size, const std::string &etag) {
        const S3Reply object = client_.head(key);
        if (object.length != static_cast<int64_t>(size))
            throw JobError(
                "the object has " + std::to_string(object.length) + " bytes instead of " + std::to_string(size), false);
        const bool usual = is_md5(object.etag.substr(0, object.etag.find('-')));
        const bool in_parts = object.etag.find('-') != std::string::npos;
        if (usual && in_parts == (etag.find('-') != std::string::npos) && object.etag != etag)
            throw JobError("the object is not what was sent: its ETag is " + object.etag, false);
    }

    void remember(const std::string &key, const std::string &upload, uint64_t part_bytes,
                  const std::vector<std::string> &etags) {
        remember(key, Json::object({{"uploadId", upload}, {"partBytes", part_bytes}, {"etags", etags}}));
    }
    void remember(const std::string &key, const Json &state) {
        done_.set(key, state);
        report_.state(Json::object({{"files", done_}}));
    }

    const Json &document_;
    Report &report_;
    S3Client client_;
    Json done_;
    uint64_t total_ = 0, sent_before_ = 0;
};

} // namespace

Json upload(const Json &document, Report &report) {
    Uploader uploader(document, report);
    if (document.get("abort").as_bool()) {
        uploader.abort();
        return Json::object();
    }
    return uploader.run();
}

} // namespace rostrum::job
