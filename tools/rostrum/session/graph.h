// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A pipeline as a value: branches of nodes, links, and what the program shows. Knows no GStreamer. Reentrant.

#pragma once

#include <map>
#include <string>
#include <vector>

namespace rostrum::session {

using Properties = std::map<std::string, std::string>; // as gst-launch-1.0 would read them

/// One element.
struct Node {
    std::string name; // unique in its branch
    std::string factory;
    Properties properties;

    bool operator==(const Node &) const = default;
};

/// A pad of "branch/node". The pad is a name ("video_0"), a template ("src_%u": a fresh request pad), or empty (the
/// only static pad).
struct PadRef {
    std::string node;
    std::string pad;

    bool operator==(const PadRef &) const = default;
};

struct Link {
    PadRef from;
    PadRef to;
    Properties pad_properties; // of the sink pad

    /// The same two ends; pad properties may change live.
    bool same_ends(const Link &other) const { return from == other.from && to == other.to; }
    bool operator==(const Link &) const = default;
};

/// Nodes that start, stop and fail together. Changing its structure replaces the branch; changing a property does not.
struct Branch {
    enum class Kind {
        Program,
        Layer,
        Feed,
        Recording,
        Livestream,
        Hls,
        Aac,
        Encode,
        Compose,
        Tile,
        Decode,
        Track,
        Host
    };

    std::string id; // "decode:ann:video_0"
    Kind kind = Kind::Program;
    std::vector<Node> nodes; // upstream first
    std::vector<Link> links; // inside
    std::string revision;    // the branch is replaced when this differs, whatever its nodes say

    bool same_structure(const Branch &other) const;
    std::string full(const std::string &node) const { return id + "/" + node; }
    bool operator==(const Branch &) const = default;
};

/// Which of the linked inputs a selector lets through.
struct Selection {
    std::string selector; // "program/video"
    PadRef from;          // the upstream end of one of the selector's links
    std::string
        follows; // the selector whose switch this one waits for; "" = it switches at a keyframe or picture of its own

    bool operator==(const Selection &) const = default;
};

struct Destination {
    std::string egress; // the node that pushes to it
    std::string livestream, id, url, stream_key;

    bool operator==(const Destination &) const = default;
};

struct Graph {
    std::vector<Branch> branches; // downstream first: the order in which they are started
    std::vector<Link> links;      // between branches
    std::vector<Selection> selections;
    std::vector<Destination> destinations;

    const Branch *find(const std::string &id) const;
    bool operator==(const Graph &) const = default;
};

/// "decode:ann:video_0/depay" → "decode:ann:video_0".
std::string branch_of(const std::string &node);

/// In the syntax of gst-launch-1.0; destinations follow as comments, without their keys.
std::string to_text(const Graph &graph);

/// For graphviz, one cluster per branch.
std::string to_dot(const Graph &graph);

} // namespace rostrum::session
