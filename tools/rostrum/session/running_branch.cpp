// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "running_branch.h"

#include <algorithm>
#include <utility>

namespace rostrum::session {

namespace {

struct FoundPad {
    GstPtr<GstPad> pad;
    bool requested = false;
};

GstPtr<GstPad> free_pad(GstElement *element, GstPadDirection direction) {
    GST_OBJECT_LOCK(element);
    GList *pads = direction == GST_PAD_SRC ? element->srcpads : element->sinkpads;
    GstPtr<GstPad> found;
    for (; pads && !found; pads = pads->next)
        if (!gst_pad_is_linked(GST_PAD(pads->data)))
            found = ref(GST_PAD(pads->data));
    GST_OBJECT_UNLOCK(element);
    return found;
}

bool requestable(GstElement *element, const std::string &name, GstPadDirection direction) {
    const GList *templates = gst_element_class_get_pad_template_list(GST_ELEMENT_GET_CLASS(element));
    for (; templates; templates = templates->next) {
        auto *pad_template = GST_PAD_TEMPLATE(templates->data);
        if (GST_PAD_TEMPLATE_PRESENCE(pad_template) != GST_PAD_REQUEST ||
            GST_PAD_TEMPLATE_DIRECTION(pad_template) != direction)
            continue;
        const std::string known = GST_PAD_TEMPLATE_NAME_TEMPLATE(pad_template);
        if (known == name || name.rfind(known.substr(0, known.find('%')), 0) == 0)
            return true;
    }
    return false;
}

FoundPad find_pad(GstElement *element, const std::string &name, GstPadDirection direction) {
    if (name.empty())
        return {free_pad(element, direction), false};
    if (name.find('%') == std::string::npos)
        if (auto pad = adopt(gst_element_get_static_pad(element, name.c_str())))
            return {std::move(pad), false};
    if (!requestable(element, name, direction))
        return {};
    return {adopt(gst_element_request_pad_simple(element, name.c_str())), true};
}

void release(GstPad *pad) {
    if (auto element = adopt(gst_pad_get_parent_element(pad)))
        gst_element_release_request_pad(element.get(), pad);
}

void configure(GObject *object, const Properties &properties) {
    for (const auto &[name, value] : properties)
        if (!set_property(object, name, value))
            g_warning("%s has no property '%s'", G_OBJECT_TYPE_NAME(object), name.c_str());
}

/// What is no longer named goes back to its default.
void reset_missing(GObject *object, const Properties &before, const Properties &wanted) {
    for (const auto &[name, value] : before) {
        GParamSpec *spec = g_object_class_find_property(G_OBJECT_GET_CLASS(object), name.c_str());
        if (wanted.count(name) || !spec || !(spec->flags & G_PARAM_WRITABLE))
            continue;
        g_object_set_property(object, name.c_str(), g_param_spec_get_default_value(spec));
    }
}

GstPadProbeReturn refuse_serialized(GstPad *, GstPadProbeInfo *info, gpointer) {
    const auto flags = gst_query_type_get_flags(GST_QUERY_TYPE(GST_PAD_PROBE_INFO_QUERY(info)));
    return flags & GST_QUERY_TYPE_SERIALIZED ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
}

/// A queue that leaks holds up nobody. A serialized query would: it waits until all that came before it is consumed, as
/// by a muxer that waits for another stream, and holds the lock of the pad meanwhile.
void refuse_waits(GstElement *queue) {
    const auto pad = adopt(gst_element_get_static_pad(queue, "sink"));
    gst_pad_add_probe(pad.get(), GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM, refuse_serialized, nullptr, nullptr);
}

} // namespace

bool set_property(GObject *object, const std::string &name, const std::string &value) {
    GParamSpec *spec = g_object_class_find_property(G_OBJECT_GET_CLASS(object), name.c_str());
    if (!spec || !(spec->flags & G_PARAM_WRITABLE))
        return false;
    if (G_IS_PARAM_SPEC_STRING(spec))
        g_object_set(object, name.c_str(), value.c_str(), nullptr);
    else
        gst_util_set_object_arg(object, name.c_str(), value.c_str());
    return true;
}

std::optional<RunningLink> RunningLink::make(const Link &link, GstElement *from, GstElement *to) {
    FoundPad src = find_pad(from, link.from.pad, GST_PAD_SRC);
    if (!src.pad)
        return std::nullopt;
    FoundPad sink = find_pad(to, link.to.pad, GST_PAD_SINK);
    RunningLink made;
    made.link_ = link;
    made.src_ = std::move(src.pad);
    made.src_requested_ = src.requested;
    made.sink_ = std::move(sink.pad);
    made.sink_requested_ = sink.requested;
    if (made.sink_) {
        configure(G_OBJECT(made.sink_.get()), link.pad_properties);
        // A pad of a removed neighbour may still hang on.
        if (gst_pad_link_full(made.src_.get(), made.sink_.get(), GST_PAD_LINK_CHECK_DEFAULT) == GST_PAD_LINK_OK)
            return made;
    }
    g_warning("cannot link %s.%s with %s.%s", link.from.node.c_str(), link.from.pad.c_str(), link.to.node.c_str(),
              link.to.pad.c_str());
    made.cut();
    return std::nullopt;
}

void RunningLink::set_pad_properties(const Properties &properties) {
    if (properties == link_.pad_properties)
        return;
    reset_missing(G_OBJECT(sink_.get()), link_.pad_properties, properties);
    link_.pad_properties = properties;
    configure(G_OBJECT(sink_.get()), properties);
}

void RunningLink::cut() {
    if (src_ && sink_)
        gst_pad_unlink(src_.get(), sink_.get());
    if (src_ && src_requested_)
        release(src_.get());
    if (sink_ && sink_requested_)
        release(sink_.get());
    src_.reset();
    sink_.reset();
}

std::unique_ptr<RunningBranch> RunningBranch::build(const Branch &branch, GstBin *bin, std::string &error) {
    std::unique_ptr<RunningBranch> made(new RunningBranch(branch, bin));
    if (!made->create(error))
        return nullptr;
    return made;
}

GstPtr<GstElement> RunningBranch::make_element(const Node &node, std::string &error) {
    // An older instance of the branch may still be finishing under its name.
    std::string name = branch_.full(node.name);
    for (unsigned n = 2; auto taken = adopt(gst_bin_get_by_name(bin_.get(), name.c_str())); ++n)
        name = branch_.full(node.name) + "~" + std::to_string(n);
    GstElement *element = gst_element_factory_make(node.factory.c_str(), name.c_str());
    if (!element) {
        error = "element '" + node.factory + "' is not installed";
        return nullptr;
    }
    configure(G_OBJECT(element), node.properties);
    if (node.properties.count("leaky"))
        refuse_waits(element);
    auto held = ref(element); // gst_bin_add sinks the floating one
    gst_bin_add(bin_.get(), element);
    return held;
}

bool RunningBranch::create(std::string &error) {
    for (const auto &node : branch_.nodes) {
        auto element = make_element(node, error);
        if (!element)
            return false;
        elements_.push_back(std::move(element));
    }
    for (const auto &link : branch_.links) {
        GstElement *from = element(link.from.node), *to = element(link.to.node);
        if (!RunningLink::make(link, from, to)) {
            error = "cannot link " + link.from.node + " with " + link.to.node;
            return false;
        }
    }
    return true;
}

RunningBranch::~RunningBranch() {
    stop();
    for (const auto &element : elements_)
        gst_bin_remove(bin_.get(), element.get());
}

GstElement *RunningBranch::element(const std::string &node) const {
    for (size_t i = 0; i < elements_.size(); ++i)
        if (branch_.nodes[i].name == node || branch_.full(branch_.nodes[i].name) == node)
            return elements_[i].get();
    return nullptr;
}

std::vector<GstPtr<GstElement>> RunningBranch::renew(const std::vector<std::string> &nodes) {
    std::vector<GstPtr<GstElement>> former;
    const auto renewed = [&](const std::string &full) {
        return std::any_of(nodes.begin(), nodes.end(), [&](const auto &node) { return branch_.full(node) == full; });
    };
    for (size_t i = 0; i < elements_.size(); ++i) {
        std::string error;
        if (!renewed(branch_.full(branch_.nodes[i].name)))
            continue;
        if (auto element = make_element(branch_.nodes[i], error))
            former.push_back(std::exchange(elements_[i], std::move(element)));
    }
    for (const auto &link : branch_.links)
        if (renewed(link.from.node) && renewed(link.to.node))
            RunningLink::make(link, element(link.from.node), element(link.to.node));
    for (auto node = branch_.nodes.rbegin(); node != branch_.nodes.rend(); ++node)
        if (renewed(branch_.full(node->name)))
            gst_element_sync_state_with_parent(element(node->name));
    return former;
}

bool RunningBranch::contains(GstElement *element) const {
    return std::any_of(elements_.begin(), elements_.end(), [&](const auto &own) { return own.get() == element; });
}

bool RunningBranch::start() {
    started_ = true;
    for (auto element = elements_.rbegin(); element != elements_.rend(); ++element)
        if (!gst_element_sync_state_with_parent(element->get()))
            return false;
    return true;
}

void RunningBranch::update(const Branch &wanted) {
    for (size_t i = 0; i < elements_.size(); ++i) {
        reset_missing(G_OBJECT(elements_[i].get()), branch_.nodes[i].properties, wanted.nodes[i].properties);
        for (const auto &[name, value] : wanted.nodes[i].properties) {
            const auto known = branch_.nodes[i].properties.find(name);
            if (known == branch_.nodes[i].properties.end() || known->second != value)
                set_property(G_OBJECT(elements_[i].get()), name, value);
        }
    }
    branch_ = wanted;
}

void RunningBranch::stop() {
    for (auto element = elements_.rbegin(); element != elements_.rend(); ++element) {
        gst_element_set_locked_state(element->get(), TRUE);
        gst_element_set_state(element->get(), GST_STATE_NULL);
    }
}

} // namespace rostrum::session
