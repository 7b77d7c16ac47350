// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/live/webhook_secrets.h"

#include "tools/rostrum/base/config_file.h"
#include "tools/rostrum/base/ids.h"

#include <algorithm>
#include <sstream>

namespace rostrum {
namespace {

constexpr const char *kKey = "webhook-secret";

} // namespace

std::vector<std::string> WebhookSecrets::all() const {
    std::istringstream words(outbox_.secrets());
    std::vector<std::string> secrets;
    for (std::string word; words >> word;)
        secrets.push_back(word);
    return secrets;
}

std::variant<std::string, Refusal> WebhookSecrets::rotate() {
    const auto former = all();
    if (former.size() > 1)
        return Refusal{409, "two secrets sign already: give the newer one to the receivers, then retire the former"};
    const std::string fresh = new_webhook_secret();
    if (auto refusal = replace(former.empty() ? fresh : fresh + " " + former.front()))
        return *refusal;
    return fresh;
}

std::optional<Refusal> WebhookSecrets::retire() {
    const auto secrets = all();
    return secrets.size() < 2 ? std::nullopt : replace(secrets.front());
}

/// What comes from elsewhere would be back after the next start.
std::optional<Refusal> WebhookSecrets::replace(const std::string &secrets) {
    const ConfigFile file = read_config_file(config_path_, false);
    const auto is_ours = [this](const ConfigLine &line) { return line.key == kKey && line.value == outbox_.secrets(); };
    if (std::none_of(file.lines.begin(), file.lines.end(), is_ours))
        return Refusal{409, "webhook-secret is set in the environment or by --config; write `NEW OLD` there, and start "
                            "the server again"};
    if (const std::string error = append_config_file(config_path_, {{kKey, secrets}}); !error.empty())
        return Refusal{503, 503, "the secret cannot be stored: " + error, 5};
    if (const std::string error = outbox_.set_secrets(secrets); !error.empty())
        return Refusal{500, error};
    return std::nullopt;
}

} // namespace rostrum
