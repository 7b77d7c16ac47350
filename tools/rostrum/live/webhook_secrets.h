// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/auth/refusal.h"
#include "tools/rostrum/live/webhook_outbox.h"

#include <variant>

namespace rostrum {

/// Replaces the secret that webhooks are signed with. Until the former one is retired, each delivery has a signature of
/// either. They are kept in rostrum.conf. Thread-bound: main thread.
class WebhookSecrets {
  public:
    WebhookSecrets(WebhookOutbox &outbox, std::string config_path)
        : outbox_(outbox), config_path_(std::move(config_path)) {}

    /// Gives the new one: it is told to whoever asked, and never again.
    std::variant<std::string, Refusal> rotate();
    /// From now on there is the newest one only.
    std::optional<Refusal> retire();
    size_t count() const { return all().size(); }

  private:
    std::vector<std::string> all() const;
    std::optional<Refusal> replace(const std::string &secrets);

    WebhookOutbox &outbox_;
    const std::string config_path_;
};

} // namespace rostrum
