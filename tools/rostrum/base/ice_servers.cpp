// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/base/ice_servers.h"

#include "tools/rostrum/base/glib_handles.h"

#include <algorithm>
#include <sstream>

namespace rostrum {
namespace {

bool is_port(const std::string &text) {
    return !text.empty() && text.size() <= 5 && text.find_first_not_of("0123456789") == std::string::npos &&
           std::stoi(text) > 0 && std::stoi(text) <= 65535;
}

bool is_host(const std::string &text) {
    const bool literal = text.size() > 2 && text.front() == '[' && text.back() == ']';
    if (literal)
        return g_hostname_is_ip_address(text.substr(1, text.size() - 2).c_str());
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return g_ascii_isalnum(c) || c == '.' || c == '-'; });
}

bool is_authority(const std::string &text) {
    const size_t colon = text.find(':', text.find(']') == std::string::npos ? 0 : text.find(']'));
    return is_host(text.substr(0, colon)) && (colon == std::string::npos || is_port(text.substr(colon + 1)));
}

std::string fault_of(const std::string &uri) {
    const size_t colon = uri.find(':'), question = uri.find('?');
    const std::string scheme = uri.substr(0, colon);
    const bool turn = scheme == "turn" || scheme == "turns";
    if (colon == std::string::npos || (!turn && scheme != "stun" && scheme != "stuns"))
        return uri + " is neither a stun: nor a turn: URI";
    if (!is_authority(uri.substr(colon + 1, question == std::string::npos ? question : question - colon - 1)))
        return uri + " needs HOST or HOST:PORT after " + scheme + ":";
    if (question == std::string::npos)
        return "";
    const std::string query = uri.substr(question + 1);
    return turn && (query == "transport=udp" || query == "transport=tcp")
               ? ""
               : uri + " may only end with ?transport=udp or ?transport=tcp, and only when it is a turn: URI";
}

} // namespace

IceServerList parse_ice_servers(const std::string &list) {
    IceServerList result;
    std::istringstream words(list);
    for (std::string word; std::getline(words, word, ',');) {
        const std::string uri = g_strstrip(word.data());
        if (uri.empty())
            continue;
        if (result.fault.empty())
            result.fault = fault_of(uri);
        result.servers.push_back({uri, uri.starts_with("turn")});
    }
    return result;
}

} // namespace rostrum
