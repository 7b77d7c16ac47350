// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "webhooksink/json_scan.h"

namespace rostrum {

void JsonScan::feed(std::string_view piece) {
    for (const char c : piece) {
        if (in_string_)
            feed_string(c);
        else
            feed_token(c);
    }
}

void JsonScan::feed_string(char c) {
    if (!escaped_ && c == '"') {
        end_string();
        return;
    }
    escaped_ = !escaped_ && c == '\\';
    if (depth_ == 1 && object_ && string_.size() < kMaxName)
        string_ += c;
}

void JsonScan::end_string() {
    in_string_ = false;
    if (depth_ != 1 || !in_value_)
        return;
    if (key_ == "webhookType")
        webhook_type_ = string_;
    else if (key_ == "type")
        type_ = string_;
}

void JsonScan::feed_token(char c) {
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
        return;
    if (!seen_)
        object_ = c == '{';
    seen_ = true;
    if (c == '"') {
        in_string_ = true;
        escaped_ = false;
        string_.clear();
    } else if (c == '{' || c == '[') {
        depth_++;
    } else if ((c == '}' || c == ']') && depth_ > 0) {
        depth_--;
    } else if (depth_ == 1 && c == ':') {
        key_ = string_;
        in_value_ = true;
    } else if (depth_ == 1 && c == ',') {
        in_value_ = false;
    }
}

} // namespace rostrum
