// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "reconcile.h"

#include <algorithm>
#include <utility>

namespace rostrum::session {

namespace {

constexpr unsigned kRetryFirstMs = 200, kRetryMaxMs = 5000;

GstPtr<GstPad> active_pad(GstElement *selector) {
    GstPad *pad = nullptr;
    g_object_get(selector, "active-pad", &pad, nullptr);
    return adopt(pad);
}

/// False for the pads of a selector that are not shown.
bool lets_through(GstPad *sink) {
    gboolean active = TRUE;
    if (g_object_class_find_property(G_OBJECT_GET_CLASS(sink), "active"))
        g_object_get(sink, "active", &active, nullptr);
    return active;
}

} // namespace

Reconciler::~Reconciler() {
    clear();
}

void Reconciler::apply(Graph wanted) {
    next_ = std::move(wanted);
    step();
}

bool Reconciler::settled() const {
    return switches_.empty() && draining_.empty() && !retry_timer_.active();
}

void Reconciler::step() {
    again_ = true;
    if (stepping_) // an observer asked for it
        return;
    stepping_ = true;
    while (std::exchange(again_, false)) {
        if (next_)
            wanted_ = std::move(*std::exchange(next_, std::nullopt));
        replace_changed();
        add_missing();
        update_links();
        select();
        remove_unwanted();
    }
    stepping_ = false;
    observer_.stepped();
}

RunningBranch *Reconciler::find(const std::string &id) const {
    for (const auto &branch : branches_)
        if (branch->branch().id == id)
            return branch.get();
    return nullptr;
}

GstElement *Reconciler::element(const std::string &node) const {
    const RunningBranch *branch = find(branch_of(node));
    return branch ? branch->element(node) : nullptr;
}

RunningBranch *Reconciler::owner(GstObject *object) const {
    for (auto at = ref(object); at; at = adopt(gst_object_get_parent(at.get())))
        for (const Branches *list : {&branches_, &draining_})
            for (const auto &branch : *list)
                if (GST_IS_ELEMENT(at.get()) && branch->contains(GST_ELEMENT(at.get())))
                    return branch.get();
    return nullptr;
}

RunningLink *Reconciler::find_link(const PadRef &from, const std::string &to_node) {
    for (auto &link : links_)
        if (link.link().from == from && link.link().to.node == to_node)
            return &link;
    return nullptr;
}

void Reconciler::replace_changed() {
    for (auto it = branches_.begin(); it != branches_.end();) {
        const auto branch = it++;
        const Branch *wanted = wanted_.find((*branch)->branch().id);
        if (!wanted)
            continue;
        if ((*branch)->branch().same_structure(*wanted))
            (*branch)->update(*wanted);
        else
            remove(branch, true);
    }
}

void Reconciler::add_missing() {
    const gint64 now = g_get_monotonic_time();
    for (const auto &branch : wanted_.branches) {
        const auto retry = retries_.find(branch.id);
        if (!find(branch.id) && (retry == retries_.end() || retry->second.not_before_us <= now))
            build(branch);
        if (!find(branch.id))
            continue;
        link_outgoing(branch);
        RunningBranch *running = find(branch.id);
        if (!running->started() && !running->start())
            fail(*running, "it does not start");
    }
}

void Reconciler::build(const Branch &branch) {
    std::string error;
    auto running = RunningBranch::build(branch, bin_.get(), error);
    if (!running) {
        Retry &retry = retries_[branch.id];
        retry.not_before_us = g_get_monotonic_time() + static_cast<gint64>(kRetryMaxMs) * 1000;
        schedule_retry();
        observer_.branch_failed(branch.id, error);
        return;
    }
    branches_.push_back(std::move(running));
    observer_.branch_built(*branches_.back());
}

void Reconciler::link_outgoing(const Branch &branch) {
    for (const auto &link : wanted_.links) {
        if (branch_of(link.from.node) != branch.id)
            continue;
        const bool exists = std::any_of(links_.begin(), links_.end(),
                                        [&](const auto &running) { return running.link().same_ends(link); });
        GstElement *from = element(link.from.node), *to = element(link.to.node);
        if (exists || !from || !to)
            continue;
        if (auto made = RunningLink::make(link, from, to))
            links_.push_back(std::move(*made));
    }
}

void Reconciler::update_links() {
    for (const auto &wanted : wanted_.links)
        for (auto &running : links_)
            if (running.link().same_ends(wanted))
                running.set_pad_properties(wanted.pad_properties);
}

void Reconciler::select() {
    for (const bool follower : {false, true})
        for (const auto &selection : wanted_.selections)
            if (selection.follows.empty() != follower && !switches_.count(selection.follows))
                if (RunningLink *link = find_link(selection.from, selection.selector))
                    select_now(selection, *link);
    std::erase_if(switches_, [&](const auto &pending) {
        return std::none_of(wanted_.selections.begin(), wanted_.selections.end(),
                            [&](const Selection &selection) { return selection.selector == pending.first; });
    });
}

void Reconciler::select_now(const Selection &selection, RunningLink &link) {
    GstElement *selector = element(selection.selector);
    const auto active = active_pad(selector);
    const auto pending = switches_.find(selection.selector);
    if (pending != switches_.end() && pending->second->pad() == link.sink())
        return;
    switches_.erase(selection.selector);
    if (active.get() == link.sink())
        return;
    const bool at_keyframe = selection.follows.empty();
    if (!at_keyframe || !active) {
        g_object_set(selector, "active-pad", link.sink(), nullptr);
        if (at_keyframe)
            request_keyframe(link.sink());
        return;
    }
    switches_[selection.selector] =
        std::make_unique<KeyframeSwitch>(selector, link.sink(), [this, name = selection.selector] {
            switches_.erase(name);
            step();
        });
}

/// The programs, the recordings that go on, and the branches whose media they show now.
std::set<std::string> Reconciler::shown() const {
    std::set<std::string> branches;
    for (const auto &branch : branches_)
        if (branch->branch().kind == Branch::Kind::Program ||
            (branch->branch().kind == Branch::Kind::Recording && wanted_branch(branch->branch().id)))
            branches.insert(branch->branch().id);
    for (bool grew = true; grew;) {
        grew = false;
        for (const auto &link : links_)
            if (branches.count(branch_of(link.link().to.node)) && lets_through(link.sink()))
                grew |= branches.insert(branch_of(link.link().from.node)).second;
    }
    return branches;
}

void Reconciler::remove_unwanted() {
    const std::set<std::string> kept = switches_.empty() ? std::set<std::string>{} : shown();
    cut_links([&](const Link &link) {
        const bool wanted =
            std::any_of(wanted_.links.begin(), wanted_.links.end(), [&](const Link &w) { return w.same_ends(link); });
        return !wanted && !(kept.count(branch_of(link.from.node)) && kept.count(branch_of(link.to.node)));
    });
    for (auto it = branches_.begin(); it != branches_.end();) {
        const auto branch = it++;
        const std::string &id = (*branch)->branch().id;
        if (!wanted_branch(id) && !kept.count(id))
            remove(branch, true);
    }
    std::erase_if(retries_, [&](const auto &retry) { return !wanted_branch(retry.first); });
}

void Reconciler::cut_links(const std::function<bool(const Link &)> &which) {
    links_.remove_if([&](RunningLink &link) {
        if (!which(link.link()))
            return false;
        std::erase_if(switches_, [&](const auto &pending) { return pending.second->pad() == link.sink(); });
        link.cut();
        return true;
    });
}

void Reconciler::remove(Branches::iterator branch, bool may_drain) {
    const std::string id = (*branch)->branch().id;
    cut_links([&](const Link &link) { return branch_of(link.to.node) == id; });
    std::erase_if(switches_, [&](const auto &pending) { return branch_of(pending.first) == id; });
    draining_.splice(draining_.end(), branches_, branch);
    if (may_drain && observer_.branch_draining(**branch))
        return;
    finish_drain(**branch);
}

void Reconciler::finish_drain(RunningBranch &branch) {
    const auto it = std::find_if(draining_.begin(), draining_.end(), [&](const auto &b) { return b.get() == &branch; });
    if (it == draining_.end())
        return;
    const std::string id = branch.branch().id;
    observer_.branch_removed(branch);
    branch.stop();
    if (!find(id)) // a successor has its own links
        cut_links([&](const Link &link) { return branch_of(link.from.node) == id; });
    draining_.erase(it);
}

void Reconciler::fail(RunningBranch &branch, const std::string &why) {
    const std::string id = branch.branch().id;
    const auto it = std::find_if(branches_.begin(), branches_.end(), [&](const auto &b) { return b.get() == &branch; });
    if (it == branches_.end()) {
        finish_drain(branch);
        return;
    }
    Retry &retry = retries_[id];
    const unsigned pause_ms = std::min(kRetryMaxMs, kRetryFirstMs << std::min(retry.failures, 5u));
    ++retry.failures;
    retry.not_before_us = g_get_monotonic_time() + static_cast<gint64>(pause_ms) * 1000;
    remove(it, false);
    schedule_retry();
    observer_.branch_failed(id, why);
}

void Reconciler::schedule_retry() {
    if (retry_timer_.active())
        return;
    retry_timer_.start(kRetryFirstMs, [this] {
        step();
        const bool waiting = std::any_of(wanted_.branches.begin(), wanted_.branches.end(),
                                         [&](const Branch &branch) { return !find(branch.id); });
        return waiting;
    });
}

void Reconciler::clear() {
    wanted_ = {};
    switches_.clear();
    retry_timer_.stop();
    retries_.clear();
    while (!branches_.empty())
        remove(std::prev(branches_.end()), false);
    while (!draining_.empty())
        finish_drain(*draining_.front());
}

} // namespace rostrum::session
