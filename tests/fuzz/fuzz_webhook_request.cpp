// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A captured webhook, as `rostrum webhook verify` takes it.

#include "webhooks/verifier.h"

#include <cstdint>
#include <cstdlib>

namespace {

constexpr char kSecret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr char kKey[] = R"(-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC/kUyleQB4uXRRrC9kA3NQIjEi
2yuzlApfDmq3Zjlbp245Pm7v6F4mlifRoa40V2XHFha20opEP17zcNhgCTQRbcfb
6s8baNFsXLLk40VYQfgTU5hX5YDQDySrKvXjK0Zcx7LIDx++85uzDHYUgDAxnpkF
Zu1RsySeyLktn4PZbQIDAQAB
-----END PUBLIC KEY-----
)";

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const std::string_view input(reinterpret_cast<const char *>(data), size);
    const auto request = rostrum::parse_request(input);
    if (!request)
        return 0;
    if (request.value().body.size() > size)
        abort();
    const auto hmac = rostrum::check_hmac(request.value(), kSecret, 1614265330, 300);
    const auto rsa = rostrum::check_rsa(request.value(), kKey);
    if (!hmac || !rsa || hmac.value().text.empty() || rsa.value().holds)
        abort();
    return 0;
}
