// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "common/listen_uri.h"

#include <gio/gio.h>

namespace rostrum {

std::string ListenUri::to_string() const {
    const bool ipv6 = host.find(':') != std::string::npos;
    return "http://" + (ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port) + path;
}

peerwire::Result<ListenUri> parse_listen_uri(const std::string &text) {
    g_autoptr(GError) error = nullptr;
    g_autoptr(GUri) uri = g_uri_parse(text.c_str(), G_URI_FLAGS_NONE, &error);
    if (!uri)
        return peerwire::Error{400, "'" + text + "' is not a URI: " + error->message};
    if (g_strcmp0(g_uri_get_scheme(uri), "http") != 0)
        return peerwire::Error{400, "'" + text + "' does not begin with http://"};
    ListenUri listen;
    listen.host = g_uri_get_host(uri) ? g_uri_get_host(uri) : "";
    if (listen.host == "localhost")
        listen.host = "127.0.0.1";
    if (!g_hostname_is_ip_address(listen.host.c_str()))
        return peerwire::Error{400, "'" + text + "' needs a numeric address or localhost to listen on"};
    listen.port = g_uri_get_port(uri) < 0 ? uint16_t{80} : static_cast<uint16_t>(g_uri_get_port(uri));
    listen.path = g_uri_get_path(uri);
    while (listen.path.size() > 1 && listen.path.back() == '/')
        listen.path.pop_back();
    if (listen.path.empty())
        listen.path = "/";
    return listen;
}

} // namespace rostrum
