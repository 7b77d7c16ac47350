// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// `rostrum webhook verify`: which signature of a received webhook holds, and why another does not.

#include "tools/rostrum/base/config.h"
#include "tools/rostrum/base/glib_handles.h"
#include "tools/rostrum/base/json.h"
#include "tools/rostrum/commands.h"
#include "webhooks/verifier.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <libsoup/soup.h>
#include <map>

namespace rostrum {
namespace {

constexpr size_t kMaxInput = 32u << 20; // a webhook has 16 MiB at most
constexpr guint kFetchSeconds = 10;
constexpr int64_t kToleranceS = 300; // as the Standard Webhooks libraries have it

struct Options {
    std::map<std::string, std::string> values; // by name, without dashes
    Headers headers;
    std::vector<std::string> errors;
};

Options parse_options(const Arguments &arguments) {
    static const std::vector<std::string> names = {"header",      "body", "request",  "public-key",
                                                   "secret-file", "at",   "tolerance"};
    Options options;
    for (size_t i = 0; i < arguments.size(); i++) {
        std::string word = arguments[i], value;
        const size_t equals = word.find('=');
        if (equals != word.npos)
            value = word.substr(equals + 1);
        word.resize(std::min(equals, word.size()));
        const std::string name = word.starts_with("--") ? word.substr(2) : "";
        if (std::find(names.begin(), names.end(), name) == names.end()) {
            const std::string guess = did_you_mean(name, names);
            options.errors.push_back(
                "'" + word + "' is not an option" +
                (guess.empty() ? "; see `rostrum help webhook`" : ", did you mean --" + guess + "?"));
            continue;
        }
        if (equals == std::string::npos && ++i == arguments.size()) {
            options.errors.push_back(word + ": its value is missing");
            break;
        }
        if (equals == std::string::npos)
            value = arguments[i];
        if (name != "header") {
            options.values[name] = value;
        } else if (auto header = parse_header(value)) {
            options.headers.push_back(std::move(header).value());
        } else {
            options.errors.push_back("--header: write 'name: value'");
        }
    }
    return options;
}

/// `-`: standard input.
Result<std::string> read_input(const std::string &path) {
    std::ifstream file;
    if (path != "-")
        file.open(path, std::ios::binary);
    std::istream &input = path == "-" ? std::cin : file;
    std::string bytes;
    for (char block[65536]; input.read(block, sizeof block) || input.gcount() > 0;) {
        bytes.append(block, static_cast<size_t>(input.gcount()));
        if (bytes.size() > kMaxInput)
            return Error{400, path + ": this is larger than any webhook"};
    }
    if (path != "-" && !file.is_open())
        return Error{400, path + ": cannot be read"};
    return bytes;
}

Result<std::string> fetch(const std::string &url) {
    const auto message = ObjectRef<SoupMessage>::adopt(soup_message_new("GET", url.c_str()));
    if (!message)
        return Error{400, "--public-key: this is no URL"};
    const auto client = ObjectRef<SoupSession>::adopt(soup_session_new_with_options("timeout", kFetchSeconds, nullptr));
    g_autoptr(GError) error = nullptr;
    g_autoptr(GBytes) bytes = soup_session_send_and_read(client.get(), message.get(), nullptr, &error);
    if (!bytes)
        return Error{400, "--public-key: " + std::string(error->message)};
    if (soup_message_get_status(message.get()) != SOUP_STATUS_OK)
        return Error{400,
                     "--public-key: the server answered " + std::to_string(soup_message_get_status(message.get()))};
    gsize size = 0;
    const auto *data = static_cast<const char *>(g_bytes_get_data(bytes, &size));
    return std::string(data, size);
}

/// PEM, or the JSON that /v2/public/rsa-public-key answers.
Result<std::string> read_public_key(const std::string &from) {
    const bool is_url = from.starts_with("http://") || from.starts_with("https://");
    auto text = is_url ? fetch(from) : read_input(from);
    if (!text)
        return text;
    if (const auto json = parse_json(text.value()); json && !json->text("publicKey").empty())
        return json->text("publicKey");
    return text;
}

Result<ReceivedWebhook> read_webhook(const Options &options) {
    const auto request = options.values.find("request"), body = options.values.find("body");
    const bool is_request = request != options.values.end();
    const auto bytes = read_input(is_request ? request->second : body != options.values.end() ? body->second : "-");
    if (!bytes)
        return bytes.error();
    ReceivedWebhook webhook;
    if (is_request) {
        auto parsed = parse_request(bytes.value());
        if (!parsed)
            return Error{400, "--request: " + parsed.error().text};
        webhook = std::move(parsed).value();
    } else {
        webhook.body = bytes.value();
    }
    webhook.headers.insert(webhook.headers.begin(), options.headers.begin(), options.headers.end());
    return webhook;
}

/// Seconds since 1970 of "1767225600" or "2026-01-01T00:00:00Z"; now without.
Result<int64_t> read_time(const std::string &text) {
    if (text.empty())
        return g_get_real_time() / G_USEC_PER_SEC;
    char *end = nullptr;
    const int64_t seconds = std::strtoll(text.c_str(), &end, 10);
    if (*end == '\0' && seconds >= 0)
        return seconds;
    g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
    g_autoptr(GDateTime) date = g_date_time_new_from_iso8601(text.c_str(), utc);
    if (!date)
        return Error{400, "--at: write seconds since 1970 or a time such as 2026-01-01T00:00:00Z"};
    return g_date_time_to_unix(date);
}

int fail(const Error &error) {
    return report_config_errors({error.text});
}

bool report(const char *header, const SignatureCheck &check) {
    std::printf("%s: %s (%s)\n", header, check.holds ? "holds" : "does not hold", check.text.c_str());
    return check.holds;
}

} // namespace

int run_webhook_verify(const Arguments &arguments) {
    Options options = parse_options(arguments);
    const auto now = read_time(options.values["at"]);
    if (!now)
        options.errors.push_back(now.error().text);
    char *end = nullptr;
    const std::string tolerance = options.values["tolerance"];
    const int64_t tolerance_s = tolerance.empty() ? kToleranceS : std::strtoll(tolerance.c_str(), &end, 10);
    if (tolerance_s < 0 || (end && *end != '\0'))
        options.errors.push_back("--tolerance: write a number of seconds");
    const char *environment = g_getenv("ROSTRUM_WEBHOOK_SECRET");
    std::string secrets = environment ? environment : "";
    if (const std::string file = options.values["secret-file"]; !file.empty()) {
        const auto text = read_input(file);
        if (text)
            secrets = text.value();
        else
            options.errors.push_back("--secret-file: " + text.error().text);
    }
    if (secrets.empty() && options.values["public-key"].empty())
        options.errors.push_back("nothing to verify with: set ROSTRUM_WEBHOOK_SECRET, or give --secret-file FILE or "
                                 "--public-key FILE|URL");
    if (!options.errors.empty())
        return report_config_errors(options.errors);
    const auto webhook = read_webhook(options);
    if (!webhook)
        return fail(webhook.error());

    bool all_hold = true;
    if (!secrets.empty()) {
        const auto check = check_hmac(webhook.value(), secrets, now.value(), tolerance_s);
        if (!check)
            return fail(check.error());
        all_hold = report("webhook-signature", check.value());
    }
    if (const std::string from = options.values["public-key"]; !from.empty()) {
        const auto key = read_public_key(from);
        const auto check = key ? check_rsa(webhook.value(), key.value()) : Result<SignatureCheck>(key.error());
        if (!check)
            return fail(check.error());
        all_hold = report("videosdk-signature", check.value()) && all_hold;
    }
    return all_hold ? 0 : 1;
}

} // namespace rostrum
