// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Keys and secrets that a first start generates into the state directory, readable by their owner only.

#pragma once

#include "tools/rostrum/base/config.h"

namespace rostrum {

/// Creates the state directory, api-key, api-secret, webhook-secret, the master key and the RSA key where they are
/// missing, and puts them into `config`. Returns an error text or "".
std::string ensure_keys(Config &config);

/// The public half of an RSA private key file, PEM (SubjectPublicKeyInfo); "" when it cannot be read.
std::string rsa_public_key(const std::string &private_key_path);

} // namespace rostrum
