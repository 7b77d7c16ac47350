// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "graph.h"

#include <algorithm>
#include <set>

namespace rostrum::session {

namespace {

/// Element names for gst-launch-1.0: letters, digits and _.
std::string launch_name(const std::string &node) {
    std::string name = node;
    for (char &c : name)
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'))
            c = '_';
    return name;
}

std::string quoted(const std::string &value) {
    const auto plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
               c == '_' || c == '/' || c == ':' || c == '+';
    };
    if (!value.empty() && std::all_of(value.begin(), value.end(), plain))
        return value;
    std::string out = "\"";
    for (const char c : value) {
        if (c == '"' || c == '\\')
            out += '\\';
        out += c;
    }
    return out + '"';
}

std::string described(const std::string &full, const Node &node) {
    std::string text = node.factory + " name=" + launch_name(full);
    for (const auto &[key, value] : node.properties)
        text += " " + key + "=" + quoted(value);
    return text;
}

/// gst-launch-1.0 picks a request pad by itself when only the element is named.
std::string launch_pad(const PadRef &ref) {
    return launch_name(ref.node) + "." + (ref.pad.find('%') == std::string::npos ? ref.pad : "");
}

/// The URL without what could be secret: user, password, query, and everything below the application.
std::string redacted(const std::string &url) {
    const size_t scheme = url.find("://");
    if (scheme == std::string::npos)
        return "…";
    size_t host = scheme + 3;
    const size_t path = std::min(url.find_first_of("/?#", host), url.size());
    const size_t at = url.rfind('@', path);
    if (at != std::string::npos && at >= host)
        host = at + 1;
    const size_t end =
        path < url.size() && url[path] == '/' ? std::min(url.find_first_of("/?#", path + 1), url.size()) : path;
    return url.substr(0, scheme + 3) + url.substr(host, end - host);
}

std::string dot_label(const std::string &text) {
    std::string out;
    for (const char c : text) {
        if (c == '"' || c == '\\')
            out += '\\';
        out += c;
    }
    return out;
}

std::vector<Link> all_links(const Graph &graph) {
    std::vector<Link> links;
    for (const auto &branch : graph.branches)
        links.insert(links.end(), branch.links.begin(), branch.links.end());
    links.insert(links.end(), graph.links.begin(), graph.links.end());
    return links;
}

} // namespace

bool Branch::same_structure(const Branch &other) const {
    const auto same_node = [](const Node &a, const Node &b) { return a.name == b.name && a.factory == b.factory; };
    return kind == other.kind && revision == other.revision && links == other.links &&
           std::equal(nodes.begin(), nodes.end(), other.nodes.begin(), other.nodes.end(), same_node);
}

const Branch *Graph::find(const std::string &id) const {
    const auto it = std::find_if(branches.begin(), branches.end(), [&](const Branch &b) { return b.id == id; });
    return it == branches.end() ? nullptr : &*it;
}

std::string branch_of(const std::string &node) {
    return node.substr(0, node.rfind('/'));
}

std::string to_text(const Graph &graph) {
    std::map<std::string, std::string> descriptions;
    std::vector<std::string> order; // upstream first reads better
    for (auto branch = graph.branches.rbegin(); branch != graph.branches.rend(); ++branch)
        for (const auto &node : branch->nodes) {
            order.push_back(branch->full(node.name));
            descriptions[order.back()] = described(order.back(), node);
        }

    std::vector<Link> links = all_links(graph);
    std::set<std::string> printed;
    std::string text;
    for (const auto &start : order) {
        if (printed.count(start))
            continue;
        std::string at = start;
        printed.insert(at);
        text += descriptions[at];
        // A chain goes on as long as the next element is new and both pads need no name.
        for (;;) {
            const auto next = std::find_if(links.begin(), links.end(), [&](const Link &link) {
                return link.from.node == at && link.from.pad.empty() && link.to.pad.empty() &&
                       !printed.count(link.to.node);
            });
            if (next == links.end())
                break;
            at = next->to.node;
            printed.insert(at);
            text += " ! " + descriptions[at];
            links.erase(next);
        }
        text += "\n";
    }
    for (const auto &link : links)
        text += launch_pad(link.from) + " ! " + launch_pad(link.to) + "\n";
    for (const auto &selection : graph.selections)
        text += "# " + launch_name(selection.selector) + " shows " + launch_pad(selection.from) + "\n";
    for (const auto &destination : graph.destinations)
        text += "# destination " + destination.id + " " + redacted(destination.url) + "\n";
    return text;
}

std::string to_dot(const Graph &graph) {
    std::string dot = "digraph session {\n  rankdir=LR;\n  node [shape=box, fontsize=10];\n";
    size_t cluster = 0;
    for (const auto &branch : graph.branches) {
        dot += "  subgraph cluster_" + std::to_string(cluster++) + " {\n    label=\"" + dot_label(branch.id) + "\";\n";
        for (const auto &node : branch.nodes)
            dot += "    \"" + dot_label(branch.full(node.name)) + "\" [label=\"" +
                   dot_label(node.name + " : " + node.factory) + "\"];\n";
        dot += "  }\n";
    }
    for (const auto &link : all_links(graph))
        dot += "  \"" + dot_label(link.from.node) + "\" -> \"" + dot_label(link.to.node) + "\";\n";
    return dot + "}\n";
}

} // namespace rostrum::session
