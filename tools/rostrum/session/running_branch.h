// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// One branch of the plan as elements in the running pipeline. Thread-bound: main.

#pragma once

#include "graph.h"
#include "gst_ptr.h"

#include <optional>

namespace rostrum::session {

/// Two linked pads, and which of them must be given back.
class RunningLink {
  public:
    /// Nothing when an end does not exist yet (a pad that comes later) or the pads refuse each other.
    static std::optional<RunningLink> make(const Link &link, GstElement *from, GstElement *to);

    const Link &link() const { return link_; }
    GstPad *src() const { return src_.get(); }
    GstPad *sink() const { return sink_.get(); }

    void set_pad_properties(const Properties &properties);

    /// Unlinks; request pads are released.
    void cut();

  private:
    Link link_;
    GstPtr<GstPad> src_, sink_;
    bool src_requested_ = false, sink_requested_ = false;
};

class RunningBranch {
  public:
    /// Elements made, configured, added to `bin` and linked with each other, still in NULL. Nothing, and `error`, when
    /// an element is missing.
    static std::unique_ptr<RunningBranch> build(const Branch &branch, GstBin *bin, std::string &error);
    ~RunningBranch();
    RunningBranch(const RunningBranch &) = delete;
    RunningBranch &operator=(const RunningBranch &) = delete;

    const Branch &branch() const { return branch_; }
    GstElement *element(const std::string &node) const;
    bool contains(GstElement *element) const;

    /// Into the state of the pipeline, downstream first.
    bool start();
    bool started() const { return started_; }

    /// Makes other elements for some nodes, linked with each other and started, but not with the rest of the branch.
    /// The former ones are the caller's from now on; they are still in the pipeline, and linked.
    std::vector<GstPtr<GstElement>> renew(const std::vector<std::string> &nodes);

    /// Sets what differs in `wanted`, which has the same structure.
    void update(const Branch &wanted);

    /// To NULL, downstream first, so that nobody waits for a consumer. The elements stay in the pipeline until
    /// destruction.
    void stop();

  private:
    RunningBranch(const Branch &branch, GstBin *bin) : branch_(branch), bin_(ref(bin)) {}
    bool create(std::string &error);
    GstPtr<GstElement> make_element(const Node &node, std::string &error);

    Branch branch_;
    GstPtr<GstBin> bin_;
    std::vector<GstPtr<GstElement>> elements_; // as branch_.nodes
    bool started_ = false;
};

/// Sets a property from text, as gst-launch-1.0 does. False when there is no such property.
bool set_property(GObject *object, const std::string &name, const std::string &value);

} // namespace rostrum::session
