// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/api/exchange.h"

namespace rostrum {

struct FileToSend {
    std::string path, type;
    std::string name;        ///< for saving
    bool attachment = false; ///< to be saved, not shown
    std::string cache_control = "private, no-cache";
};

/// Answers with a file: ranges, conditions (RFC 9110 sections 13 and 14), HEAD. It is read piece by piece as the client
/// takes it; one that gets shorter meanwhile cuts the connection. Throws Refusal: 404 when it is not there.
void send_file(const ExchangePtr &exchange, const FileToSend &file);

} // namespace rostrum
