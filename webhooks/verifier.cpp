// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "webhooks/verifier.h"

#include <algorithm>
#include <charconv>
#include <glib.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>

namespace rostrum {

namespace {

constexpr size_t kMaxHeaders = 200;

std::string_view trim(std::string_view text) {
    const size_t from = text.find_first_not_of(" \t\r");
    return from == text.npos ? "" : text.substr(from, text.find_last_not_of(" \t\r") - from + 1);
}

bool is_token(std::string_view name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return g_ascii_isalnum(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
    });
}

std::optional<int64_t> parse_number(std::string_view text) {
    int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || number < 0)
        return std::nullopt;
    return number;
}

/// Up to the next LF, without it and a CR before it.
std::string_view take_line(std::string_view &bytes) {
    const size_t end = bytes.find('\n');
    std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(end == bytes.npos ? bytes.size() : end + 1);
    if (line.ends_with('\r'))
        line.remove_suffix(1);
    return line;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

/// The "v1,…" words of the header that this secret makes.
bool is_signed_with(const Signer &signer, const ReceivedWebhook &webhook, std::string_view body, int64_t timestamp) {
    const Headers made = signer.sign(*webhook.header("webhook-id"), timestamp, body, "");
    std::string_view words = *webhook.header("webhook-signature");
    bool found = false;
    while (!words.empty()) {
        const std::string_view word = words.substr(0, words.find(' '));
        words.remove_prefix(std::min(words.size(), word.size() + 1));
        for (const auto &[name, value] : made)
            found = (name == "webhook-signature" && equal_in_constant_time(word, value)) || found;
    }
    return found;
}

std::vector<std::string> split_secrets(std::string_view text) {
    std::vector<std::string> secrets;
    while (!text.empty()) {
        const size_t end = text.find_first_of(" \t\r\n");
        if (end != 0)
            secrets.emplace_back(text.substr(0, end));
        text.remove_prefix(end == text.npos ? text.size() : end + 1);
    }
    return secrets;
}

std::string_view without_line_end(std::string_view body) {
    return body.substr(0, body.find_last_not_of("\r\n") + 1);
}

constexpr char kLineEnd[] =
    "; it would hold without the line end after the body: take the bytes as they came, no text editor's";

bool verify_rsa(EVP_PKEY *key, std::string_view signature, std::string_view body) {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    return EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
           EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char *>(signature.data()), signature.size(),
                            reinterpret_cast<const unsigned char *>(body.data()), body.size()) == 1;
}

} // namespace

std::optional<std::string_view> ReceivedWebhook::header(std::string_view name) const {
    for (const auto &[key, value] : headers)
        if (key == name)
            return value;
    return std::nullopt;
}

Result<std::pair<std::string, std::string>> parse_header(std::string_view line) {
    const size_t colon = line.find(':');
    const std::string_view name = line.substr(0, colon);
    if (colon == line.npos || !is_token(name))
        return Error{400, "a header is 'name: value'"};
    g_autofree gchar *lower = g_ascii_strdown(name.data(), static_cast<gssize>(name.size()));
    return std::pair<std::string, std::string>(lower, trim(line.substr(colon + 1)));
}

Result<ReceivedWebhook> parse_request(std::string_view bytes) {
    const std::string_view first = take_line(bytes);
    if (first.find(" HTTP/1.") == first.npos)
        return Error{400, "it does not begin with a request line, such as 'POST /hook HTTP/1.1'"};
    ReceivedWebhook webhook;
    for (;;) {
        const bool is_cut = bytes.empty();
        const std::string_view line = take_line(bytes);
        if (is_cut)
            return Error{400, "there is no empty line after the headers"};
        if (line.empty())
            break;
        auto header = parse_header(line);
        if (!header || webhook.headers.size() == kMaxHeaders)
            return Error{400, "line " + std::to_string(webhook.headers.size() + 2) + " is no header"};
        webhook.headers.push_back(std::move(header).value());
    }
    if (webhook.header("transfer-encoding"))
        return Error{400, "its body is in chunks; give the body by itself (--body) and the headers with --header"};
    if (const auto length = webhook.header("content-length")) {
        const auto size = parse_number(*length);
        if (!size || static_cast<uint64_t>(*size) > bytes.size())
            return Error{400, "the body has " + std::to_string(bytes.size()) +
                                  " bytes, which is less than content-length says"};
        bytes = bytes.substr(0, static_cast<size_t>(*size));
    }
    webhook.body = bytes;
    return webhook;
}

Result<SignatureCheck> check_hmac(const ReceivedWebhook &webhook, std::string_view secrets, int64_t now_s,
                                  int64_t tolerance_s) {
    for (const char *name : {"webhook-id", "webhook-timestamp", "webhook-signature"})
        if (!webhook.header(name))
            return SignatureCheck{false, std::string("there is no header ") + name};
    const auto timestamp = parse_number(*webhook.header("webhook-timestamp"));
    if (!timestamp)
        return SignatureCheck{false, "webhook-timestamp is no number of seconds"};
    const auto words = split_secrets(secrets);
    std::string signer_number, hint;
    for (size_t i = 0; i < words.size(); i++) {
        const auto signer = Signer::create(words[i], "");
        if (!signer)
            return signer.error();
        if (is_signed_with(signer.value(), webhook, webhook.body, *timestamp))
            signer_number = "secret " + std::to_string(i + 1) + " of " + std::to_string(words.size());
        else if (is_signed_with(signer.value(), webhook, without_line_end(webhook.body), *timestamp))
            hint = kLineEnd;
    }
    if (words.empty())
        return Error{400, "there is no secret"};
    if (signer_number.empty())
        return SignatureCheck{false, "body, id, timestamp or secret are not those that were signed" + hint};
    const int64_t age_s = now_s - *timestamp;
    const std::string age = age_s < 0 ? std::to_string(-age_s) + " s in the future" : std::to_string(age_s) + " s old";
    if (std::abs(age_s) > tolerance_s)
        return SignatureCheck{false, "it is signed with " + signer_number + ", but it is " + age + ", and " +
                                         std::to_string(tolerance_s) + " s are allowed"};
    return SignatureCheck{true, signer_number + ", " + age};
}

Result<SignatureCheck> check_rsa(const ReceivedWebhook &webhook, const std::string &public_key) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
        BIO_new_mem_buf(public_key.data(), static_cast<int>(public_key.size())), BIO_free);
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
        PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
    if (!key || !EVP_PKEY_is_a(key.get(), "RSA"))
        return Error{400, "the public key is not an RSA key in PEM ('-----BEGIN PUBLIC KEY-----')"};
    const auto header = webhook.header("videosdk-signature");
    if (!header)
        return SignatureCheck{false, "there is no header videosdk-signature"};
    gsize size = 0;
    g_autofree guchar *bytes = g_base64_decode(std::string(*header).c_str(), &size);
    const std::string_view signature(reinterpret_cast<const char *>(bytes), bytes ? size : 0);
    if (signature.size() != static_cast<size_t>(EVP_PKEY_get_size(key.get())))
        return SignatureCheck{false, "videosdk-signature has " + std::to_string(signature.size()) +
                                         " bytes, and one of this key has " +
                                         std::to_string(EVP_PKEY_get_size(key.get()))};
    if (verify_rsa(key.get(), signature, webhook.body))
        return SignatureCheck{true, "RSA " + std::to_string(EVP_PKEY_get_bits(key.get()))};
    const bool ends_too_late = verify_rsa(key.get(), signature, without_line_end(webhook.body));
    return SignatureCheck{false, std::string("the body is not what was signed, or another key signed it") +
                                     (ends_too_late ? kLineEnd : "")};
}

} // namespace rostrum
