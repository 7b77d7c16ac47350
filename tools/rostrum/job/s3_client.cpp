// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/job/s3_client.h"

#include "tools/rostrum/base/digest.h"
#include "tools/rostrum/base/ids.h"
#include "tools/rostrum/job/job_error.h"
#include "tools/rostrum/job/upload_gone.h"

namespace rostrum::job {
namespace {

constexpr unsigned kTimeoutS = 60; // without a byte either way
constexpr size_t kMaxReplyBytes = 1 << 20;
constexpr size_t kMaxSaidBytes = 300; // of what a server says, in an error

std::string between(const std::string &text, const std::string &tag) {
    const size_t from = text.find("<" + tag + ">"), to = text.find("</" + tag + ">");
    if (from == std::string::npos || to == std::string::npos || to < from)
        return "";
    return text.substr(from + tag.size() + 2, to - from - tag.size() - 2);
}

std::string text_of(GBytes *bytes) {
    gsize size = 0;
    const auto *data = static_cast<const char *>(g_bytes_get_data(bytes, &size));
    return data ? std::string(data, std::min<size_t>(size, kMaxReplyBytes)) : "";
}

std::string printable(const std::string &text) {
    std::string clean =
        take_string(g_utf8_make_valid(text.data(), static_cast<gssize>(std::min(text.size(), kMaxSaidBytes))));
    for (char &c : clean)
        c = static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    return clean;
}

} // namespace

std::string S3Reply::code() const {
    return between(body, "Code");
}

S3Client::S3Client(const S3Settings &settings)
    : settings_(settings),
      session_(ObjectRef<SoupSession>::adopt(soup_session_new_with_options("timeout", kTimeoutS, nullptr))) {}

S3Reply S3Client::call(const char *method, const std::string &key, const S3Query &query, const std::string &body,
                       const std::string &type) {
    std::string endpoint = settings_.endpoint;
    while (endpoint.ends_with('/'))
        endpoint.pop_back();
    const std::string path = s3_path(settings_, key), text = s3_query_text(query);
    GUri *uri = g_uri_parse((endpoint + path + (text.empty() ? "" : "?" + text)).c_str(), G_URI_FLAGS_ENCODED, nullptr);
    if (!uri)
        throw JobError("s3-endpoint is not a URL");
    const auto message = ObjectRef<SoupMessage>::adopt(soup_message_new_from_uri(method, uri));
    g_uri_unref(uri);
    soup_message_add_flags(message.get(), SOUP_MESSAGE_NO_REDIRECT);
    SoupMessageHeaders *headers = soup_message_get_request_headers(message.get());
    for (const auto &[name, value] : s3_sign(settings_, method, path, query, sha256_hex(body), now_ms()))
        soup_message_headers_replace(headers, name.c_str(), value.c_str());
    if (!body.empty() || std::string_view(method) == "PUT") {
        GBytes *bytes = g_bytes_new_static(body.data(), body.size());
        soup_message_set_request_body_from_bytes(message.get(), type.empty() ? "application/xml" : type.c_str(), bytes);
        g_bytes_unref(bytes);
    }
    GError *error = nullptr;
    GBytes *answer = soup_session_send_and_read(session_.get(), message.get(), nullptr, &error);
    if (!answer)
        throw JobError("S3 cannot be reached: " + take_error(error), false);
    S3Reply reply;
    reply.status = soup_message_get_status(message.get());
    reply.body = text_of(answer);
    g_bytes_unref(answer);
    SoupMessageHeaders *received = soup_message_get_response_headers(message.get());
    if (const char *etag = soup_message_headers_get_one(received, "ETag"))
        reply.etag = etag;
    std::erase(reply.etag, '"');
    if (soup_message_headers_get_one(received, "Content-Length"))
        reply.length = soup_message_headers_get_content_length(received);
    return reply;
}

/// Nothing that a server refuses is given up at once: whoever runs it mends the configuration, and the file is still
/// here.
S3Reply S3Client::demand(const char *method, const std::string &key, const S3Query &query, const std::string &body,
                         const std::string &type) {
    S3Reply reply = call(method, key, query, body, type);
    const std::string code = reply.code();
    if (reply.good() && code.empty()) // completing an upload may say 200 and then fail
        return reply;
    if (code == "NoSuchUpload")
        throw UploadGone();
    const std::string said = between(reply.body, "Message");
    throw JobError("S3 says " + std::to_string(reply.status) + (code.empty() ? "" : " " + printable(code)) +
                       (said.empty() ? "" : ": " + printable(said)),
                   false);
}

std::string S3Client::put(const std::string &key, const std::string &bytes, const std::string &type) {
    return demand("PUT", key, {}, bytes, type).etag;
}

std::string S3Client::create_upload(const std::string &key, const std::string &type) {
    const std::string id = between(demand("POST", key, {{"uploads", ""}}, "", type).body, "UploadId");
    if (id.empty())
        throw JobError("S3 begins no upload", false);
    return id;
}

std::string S3Client::put_part(const std::string &key, const std::string &upload, int number,
                               const std::string &bytes) {
    return demand("PUT", key, {{"partNumber", std::to_string(number)}, {"uploadId", upload}}, bytes,
                  "application/octet-stream")
        .etag;
}

void S3Client::complete_upload(const std::string &key, const std::string &upload, const std::vector<Part> &parts) {
    std::string document = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
    for (const auto &part : parts)
        document += "<Part><PartNumber>" + std::to_string(part.number) + "</PartNumber><ETag>\"" + part.etag +
                    "\"</ETag></Part>";
    demand("POST", key, {{"uploadId", upload}}, document + "</CompleteMultipartUpload>");
}

void S3Client::abort_upload(const std::string &key, const std::string &upload) noexcept {
    try {
        (void)call("DELETE", key, {{"uploadId", upload}});
    } catch (const JobError &) {
    }
}

S3Reply S3Client::head(const std::string &key) {
    return demand("HEAD", key, {});
}

} // namespace rostrum::job
