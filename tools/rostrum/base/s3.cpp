// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/base/s3.h"

#include "tools/rostrum/base/digest.h"
#include "tools/rostrum/base/glib_handles.h"

#include <sstream>

namespace rostrum {
namespace {

constexpr unsigned kMaxLifetimeS = 7 * 24 * 3600;
constexpr size_t kMaxPrefixBytes = 512;

std::string escaped(const std::string &text, const char *also_allowed = nullptr) {
    return take_string(g_uri_escape_string(text.c_str(), also_allowed, FALSE));
}

struct Moment {
    std::string day, time; ///< 20260131, 20260131T120000Z
};

Moment moment(int64_t now_ms) {
    GDateTime *date = g_date_time_new_from_unix_utc(now_ms / 1000);
    Moment result{take_string(g_date_time_format(date, "%Y%m%d")),
                  take_string(g_date_time_format(date, "%Y%m%dT%H%M%SZ"))};
    g_date_time_unref(date);
    return result;
}

std::string scope_of(const S3Settings &settings, const Moment &at) {
    return at.day + "/" + settings.region + "/s3/aws4_request";
}

std::string signature(const S3Settings &settings, const Moment &at, const std::string &canonical_request) {
    const std::string text =
        "AWS4-HMAC-SHA256\n" + at.time + "\n" + scope_of(settings, at) + "\n" + sha256_hex(canonical_request);
    const std::string day_key = hmac_sha256("AWS4" + settings.secret_access_key, at.day);
    const std::string service_key = hmac_sha256(hmac_sha256(day_key, settings.region), "s3");
    return hex(hmac_sha256(hmac_sha256(service_key, "aws4_request"), text));
}

} // namespace

Json to_json(const S3Settings &settings) {
    return Json::object({{"endpoint", settings.endpoint},
                         {"bucket", settings.bucket},
                         {"region", settings.region},
                         {"accessKeyId", settings.access_key_id},
                         {"secretAccessKey", settings.secret_access_key}});
}

S3Settings s3_settings(const Json &json) {
    return {json.text("endpoint"),
            json.text("bucket"),
            json.text("region"),
            json.text("accessKeyId"),
            json.text("secretAccessKey"),
            "",
            false};
}

std::string s3_host(const S3Settings &settings) {
    GUri *uri = g_uri_parse(settings.endpoint.c_str(), G_URI_FLAGS_NONE, nullptr);
    if (!uri)
        return "";
    std::string host = g_uri_get_host(uri) ? g_uri_get_host(uri) : "";
    if (host.find(':') != std::string::npos)
        host = "[" + host + "]";
    if (const int port = g_uri_get_port(uri); port > 0)
        host += ":" + std::to_string(port);
    g_uri_unref(uri);
    return host;
}

std::string s3_path(const S3Settings &settings, const std::string &key) {
    return "/" + escaped(settings.bucket) + (key.empty() ? "" : "/" + escaped(key, "/"));
}

std::string s3_query_text(const S3Query &query) {
    std::string text;
    for (const auto &[name, value] : query)
        text += (text.empty() ? "" : "&") + escaped(name) + "=" + escaped(value);
    return text;
}

std::map<std::string, std::string> s3_sign(const S3Settings &settings, const std::string &method,
                                           const std::string &path, const S3Query &query,
                                           const std::string &payload_sha256, int64_t now_ms) {
    const Moment at = moment(now_ms);
    const std::string names = "host;x-amz-content-sha256;x-amz-date";
    const std::string request = method + "\n" + path + "\n" + s3_query_text(query) + "\nhost:" + s3_host(settings) +
                                "\nx-amz-content-sha256:" + payload_sha256 + "\nx-amz-date:" + at.time + "\n\n" +
                                names + "\n" + payload_sha256;
    return {{"x-amz-date", at.time},
            {"x-amz-content-sha256", payload_sha256},
            {"Authorization", "AWS4-HMAC-SHA256 Credential=" + settings.access_key_id + "/" + scope_of(settings, at) +
                                  ", SignedHeaders=" + names + ", Signature=" + signature(settings, at, request)}};
}

std::string s3_presigned_get(const S3Settings &settings, const std::string &key, unsigned lifetime_s, int64_t now_ms) {
    const Moment at = moment(now_ms);
    const S3Query query = {{"X-Amz-Algorithm", "AWS4-HMAC-SHA256"},
                           {"X-Amz-Credential", settings.access_key_id + "/" + scope_of(settings, at)},
                           {"X-Amz-Date", at.time},
                           {"X-Amz-Expires", std::to_string(std::min(lifetime_s, kMaxLifetimeS))},
                           {"X-Amz-SignedHeaders", "host"}};
    const std::string path = s3_path(settings, key), text = s3_query_text(query);
    const std::string request =
        "GET\n" + path + "\n" + text + "\nhost:" + s3_host(settings) + "\n\nhost\nUNSIGNED-PAYLOAD";
    std::string endpoint = settings.endpoint;
    while (endpoint.ends_with('/'))
        endpoint.pop_back();
    return endpoint + path + "?" + text + "&X-Amz-Signature=" + signature(settings, at, request);
}

std::string clean_prefix(const std::string &path) {
    std::string clean;
    std::istringstream segments(path.substr(0, kMaxPrefixBytes));
    for (std::string segment; std::getline(segments, segment, '/');) {
        std::erase_if(segment, [](unsigned char c) { return c < ' ' || c == 0x7f || c == '\\'; });
        if (!segment.empty() && segment != "." && segment != "..")
            clean += segment + "/";
    }
    return take_string(g_utf8_make_valid(clean.data(), static_cast<gssize>(clean.size())));
}

} // namespace rostrum
