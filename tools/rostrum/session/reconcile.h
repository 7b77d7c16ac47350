// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Makes the running pipeline equal to a plan: what is missing is added, what differs is changed live or replaced, what
// is not wanted any more is removed, and nothing else is touched. Thread-bound: main; only pad probes run on streaming
// threads.
//
// Order. Downstream comes first: a branch is linked to what consumes it, then started, then fed, so that no element
// ever pushes into nothing. Removal goes the other way. What the program shows stays until its successor has delivered
// a keyframe.

#pragma once

#include "keyframe_switch.h"
#include "running_branch.h"

#include <list>
#include <map>
#include <set>

namespace rostrum::session {

class Reconciler {
  public:
    /// What somebody else has to do about a branch. Called on the main thread.
    class Observer {
      public:
        virtual ~Observer() = default;
        /// Its elements exist and are linked with each other; not started yet.
        virtual void branch_built(RunningBranch &branch) = 0;
        /// It gets no more input. True: keep it until finish_drain().
        virtual bool branch_draining(RunningBranch &branch) = 0;
        /// Its elements are about to be stopped.
        virtual void branch_removed(RunningBranch &branch) = 0;
        /// It broke and is gone; it comes back after a pause when it is still wanted then.
        virtual void branch_failed(const std::string &branch, const std::string &why) = 0;
        /// The pipeline has become what was wanted, as far as it can now.
        virtual void stepped() = 0;
    };

    Reconciler(GstBin *bin, Observer &observer) : bin_(ref(bin)), observer_(observer) {}
    ~Reconciler();
    Reconciler(const Reconciler &) = delete;
    Reconciler &operator=(const Reconciler &) = delete;

    void apply(Graph wanted);
    const Graph &wanted() const { return wanted_; }

    /// No switch, drain or retry is under way.
    bool settled() const;

    /// "branch/node" of the running instance that is fed; null when there is none.
    GstElement *element(const std::string &node) const;
    RunningBranch *find(const std::string &branch) const;
    /// The branch that an element (or one inside it) belongs to, draining ones included.
    RunningBranch *owner(GstObject *object) const;
    /// The running links between branches.
    const std::list<RunningLink> &links() const { return links_; }

    void fail(RunningBranch &branch, const std::string &why);
    void finish_drain(RunningBranch &branch);

    /// Stops everything at once.
    void clear();

  private:
    struct Retry {
        unsigned failures = 0;
        gint64 not_before_us = 0;
    };
    using Branches = std::list<std::unique_ptr<RunningBranch>>;

    void step();
    void replace_changed();
    void add_missing();
    void build(const Branch &branch);
    void link_outgoing(const Branch &branch);
    void update_links();
    void select();
    void select_now(const Selection &selection, RunningLink &link);
    void remove_unwanted();
    void remove(Branches::iterator branch, bool may_drain);
    void cut_links(const std::function<bool(const Link &)> &which);
    void schedule_retry();
    bool wanted_branch(const std::string &id) const { return wanted_.find(id) != nullptr; }
    std::set<std::string> shown() const;
    RunningLink *find_link(const PadRef &from, const std::string &to_node);

    const GstPtr<GstBin> bin_;
    Observer &observer_;
    std::optional<Graph> next_; // taken over when a step begins
    Graph wanted_;
    Branches branches_;
    Branches draining_;
    std::list<RunningLink> links_;
    std::map<std::string, std::unique_ptr<KeyframeSwitch>> switches_; // by selector
    std::map<std::string, Retry> retries_;                            // by branch
    Timer retry_timer_;
    bool stepping_ = false, again_ = false;
};

} // namespace rostrum::session
