// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/client_address.h"

#include <algorithm>

namespace rostrum {
namespace {

constexpr size_t kMaxHostBytes = 255;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_alphanumeric(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// RFC 9110 section 5.6.2.
bool is_token(char c) {
    return is_alphanumeric(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

std::string lower(std::string_view text) {
    std::string result(text);
    for (char &c : result)
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 'a' - 'A') : c;
    return result;
}

std::string_view trimmed(std::string_view text) {
    const size_t first = text.find_first_not_of(" \t");
    return first == text.npos ? std::string_view() : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

class ForwardedReader {
  public:
    explicit ForwardedReader(std::string_view text) : text_(text) {}

    std::optional<std::vector<ForwardedElement>> read() {
        std::vector<ForwardedElement> elements;
        for (;;) {
            skip_blanks();
            if (!at_end() && peek() != ',') { // RFC 9110 section 5.6.1: empty elements are skipped
                elements.emplace_back();
                if (!read_element(elements.back()))
                    return std::nullopt;
            }
            if (at_end())
                return elements;
            ++at_; // the comma
        }
    }

  private:
    bool at_end() const { return at_ == text_.size(); }
    char peek() const { return text_[at_]; }
    void skip_blanks() {
        while (!at_end() && (peek() == ' ' || peek() == '\t'))
            ++at_;
    }

    std::string read_token() {
        const size_t from = at_;
        while (!at_end() && is_token(peek()))
            ++at_;
        return std::string(text_.substr(from, at_ - from));
    }

    /// RFC 9110 section 5.6.4.
    bool read_quoted(std::string &value) {
        for (++at_; !at_end(); ++at_) {
            if (peek() == '"') {
                ++at_;
                return true;
            }
            if (peek() == '\\' && ++at_ == text_.size())
                return false;
            if (static_cast<unsigned char>(peek()) < ' ' && peek() != '\t')
                return false;
            value += peek();
        }
        return false;
    }

    bool read_pair(ForwardedElement &element) {
        const std::string name = lower(read_token());
        if (name.empty() || at_end() || peek() != '=')
            return false;
        ++at_;
        std::string value;
        if (!at_end() && peek() == '"') {
            if (!read_quoted(value))
                return false;
        } else if (value = read_token(); value.empty()) {
            return false;
        }
        std::string *known = name == "for"     ? &element.node
                             : name == "proto" ? &element.proto
                             : name == "host"  ? &element.host
                                               : nullptr;
        if (known && !known->empty()) // section 4: each only once
            return false;
        if (known)
            *known = std::move(value);
        return true;
    }

    /// Up to the comma or the end.
    bool read_element(ForwardedElement &element) {
        for (;;) {
            skip_blanks();
            if (!at_end() && peek() != ';' && peek() != ',' && !read_pair(element))
                return false;
            skip_blanks();
            if (at_end() || peek() == ',')
                return true;
            if (peek() != ';')
                return false;
            ++at_;
        }
    }

    std::string_view text_;
    size_t at_ = 0;
};

std::vector<std::string_view> split(std::string_view list) {
    std::vector<std::string_view> words;
    for (size_t from = 0; from <= list.size();) {
        const size_t comma = std::min(list.find(',', from), list.size());
        if (const auto word = trimmed(list.substr(from, comma - from)); !word.empty())
            words.push_back(word);
        from = comma + 1;
    }
    return words;
}

/// A host with or without port, as it may stand in a link.
bool is_host(std::string_view text) {
    if (text.empty() || text.size() > kMaxHostBytes)
        return false;
    if (text.front() == '[') {
        const size_t end = text.find(']');
        if (end == text.npos || !IpAddress::parse(text.substr(1, end - 1)))
            return false;
        text = text.substr(end + 1);
        return text.empty() ||
               (text.size() > 1 && text[0] == ':' && std::all_of(text.begin() + 1, text.end(), is_digit));
    }
    const std::string_view name = text.substr(0, text.find(':'));
    const std::string_view port = name.size() < text.size() ? text.substr(name.size() + 1) : std::string_view("0");
    const auto of_name = [](char c) { return is_alphanumeric(c) || c == '-' || c == '.' || c == '_'; };
    return !name.empty() && std::all_of(name.begin(), name.end(), of_name) && !port.empty() &&
           std::all_of(port.begin(), port.end(), is_digit);
}

std::string origin_of(std::string_view proto, std::string_view host) {
    const std::string scheme = lower(proto);
    if ((scheme != "http" && scheme != "https") || !is_host(host))
        return "";
    return scheme + "://" + lower(host);
}

/// Of a list that each proxy adds one to: what the outermost trusted one has seen, `hops` from the right. One that only
/// the outermost sets has a single entry.
std::string_view entry_at(const std::vector<std::string_view> &list, size_t hops) {
    return list.empty() ? std::string_view() : list[list.size() - std::clamp<size_t>(hops, 1, list.size())];
}

Client by_x_forwarded(const IpAddress &peer, const Networks &proxies, const ProxiedHeaders &headers) {
    Client client{peer, ""};
    const auto entries = split(headers.forwarded_for);
    size_t hops = 0;
    while (hops < entries.size() && proxies.contain(client.address)) {
        const auto next = address_of_node(entries[entries.size() - 1 - hops]);
        if (!next)
            break;
        client.address = *next;
        ++hops;
    }
    const auto protos = split(headers.forwarded_proto), hosts = split(headers.forwarded_host);
    if (!protos.empty() || !hosts.empty())
        client.origin = origin_of(protos.empty() ? "http" : entry_at(protos, hops),
                                  hosts.empty() ? std::string_view(headers.host) : entry_at(hosts, hops));
    return client;
}

Client by_forwarded(const IpAddress &peer, const Networks &proxies, const ProxiedHeaders &headers) {
    Client client{peer, ""};
    const auto elements = parse_forwarded(headers.forwarded);
    if (!elements)
        return client;
    for (auto element = elements->rbegin(); element != elements->rend() && proxies.contain(client.address); ++element) {
        if (!element->proto.empty() || !element->host.empty())
            client.origin = origin_of(element->proto.empty() ? "http" : element->proto,
                                      element->host.empty() ? headers.host : element->host);
        const auto next = address_of_node(element->node);
        if (!next) // hidden ("unknown", "_name"): the proxy answers for it
            break;
        client.address = *next;
    }
    return client;
}

} // namespace

std::optional<std::vector<ForwardedElement>> parse_forwarded(std::string_view header) {
    return ForwardedReader(header).read();
}

std::optional<IpAddress> address_of_node(std::string_view node) {
    std::string_view port;
    if (node.starts_with('[')) {
        const size_t end = node.find(']');
        if (end == node.npos)
            return std::nullopt;
        port = node.substr(end + 1);
        node = node.substr(1, end - 1);
        if (node.find(':') == node.npos)
            return std::nullopt;
    } else if (const size_t colon = node.find(':'); colon != node.npos && node.find(':', colon + 1) == node.npos) {
        port = node.substr(colon);
        node = node.substr(0, colon);
    }
    const auto of_port = [](char c) { return is_alphanumeric(c) || c == '.' || c == '_' || c == '-'; }; // section 6.3
    if (!port.empty() && (port.size() < 2 || port[0] != ':' || !std::all_of(port.begin() + 1, port.end(), of_port)))
        return std::nullopt;
    return IpAddress::parse(node);
}

Client find_client(const IpAddress &peer, const ProxyTrust &trust, const ProxiedHeaders &headers) {
    if (!trust.proxies.contain(peer))
        return {peer, ""};
    return trust.headers == ProxyHeaders::Forwarded ? by_forwarded(peer, trust.proxies, headers)
                                                    : by_x_forwarded(peer, trust.proxies, headers);
}

} // namespace rostrum
