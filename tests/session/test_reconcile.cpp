// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The reconciler on plans of stock elements.

#include "reconcile.h"
#include "waiting.h"

#include "wire/keyframe.h"
#include "wire/rtp.h"

#include <algorithm>
#include <atomic>
#include <utility>

using namespace rostrum::session;

namespace {

Branch branch(const char *id, std::vector<Node> nodes) {
    Branch made{id, Branch::Kind::Track, std::move(nodes), {}, {}};
    for (size_t i = 1; i < made.nodes.size(); ++i)
        made.links.push_back({{made.full(made.nodes[i - 1].name), ""}, {made.full(made.nodes[i].name), ""}, {}});
    return made;
}

Branch sink(const char *id) {
    return branch(id, {{"sink", "fakesink", {{"async", "false"}, {"sync", "false"}}}});
}

Branch source(const char *id) {
    return branch(id, {{"src", "videotestsrc", {{"is-live", "true"}}}, {"tee", "tee", {{"allow-not-linked", "true"}}}});
}

Graph fan(std::vector<Branch> sinks) {
    Graph graph;
    for (auto &each : sinks) {
        graph.links.push_back({{"source/tee", "src_%u"}, {each.full(each.nodes.front().name), "sink"}, {}});
        graph.branches.push_back(std::move(each));
    }
    graph.branches.push_back(source("source"));
    return graph;
}

/// A pipeline that is reconciled, and what the reconciler says.
class Stage : Reconciler::Observer {
  public:
    Stage()
        : pipeline_(adopt(GST_ELEMENT(gst_object_ref_sink(gst_pipeline_new(nullptr))))),
          reconciler(GST_BIN(pipeline_.get()), *this) {
        const auto bus = adopt(gst_element_get_bus(pipeline_.get()));
        gst_bus_add_watch(bus.get(), on_bus, this);
        gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
    }
    ~Stage() override {
        const auto bus = adopt(gst_element_get_bus(pipeline_.get()));
        gst_bus_remove_watch(bus.get());
        reconciler.clear();
        g_assert_cmpint(GST_BIN(pipeline_.get())->numchildren, ==, 0);
        gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
    }

    GstClockTime last_time(const char *node) {
        GstElement *element = reconciler.element(node);
        g_assert_nonnull(element);
        g_autoptr(GstSample) sample = nullptr;
        g_object_get(element, "last-sample", &sample, nullptr);
        return sample && gst_sample_get_buffer(sample) ? GST_BUFFER_PTS(gst_sample_get_buffer(sample)) : 0;
    }
    void wait_flow(const char *node) {
        const GstClockTime before = last_time(node);
        test::wait_for(node, [&] { return last_time(node) > before; });
    }

    std::vector<std::string> said;
    bool drain = false;
    RunningBranch *draining = nullptr;

  private:
    void branch_built(RunningBranch &built) override { said.push_back("built " + built.branch().id); }
    bool branch_draining(RunningBranch &ending) override {
        draining = drain ? &ending : nullptr;
        return drain;
    }
    void branch_removed(RunningBranch &removed) override { said.push_back("removed " + removed.branch().id); }
    void branch_failed(const std::string &id, const std::string &why) override {
        said.push_back("failed " + id + ": " + why);
    }
    void stepped() override {}

    static gboolean on_bus(GstBus *, GstMessage *message, gpointer data) {
        auto *self = static_cast<Stage *>(data);
        if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR)
            if (RunningBranch *owner = self->reconciler.owner(GST_MESSAGE_SRC(message)))
                self->reconciler.fail(*owner, "broken");
        return G_SOURCE_CONTINUE;
    }

    const GstPtr<GstElement> pipeline_;

  public:
    Reconciler reconciler;
};

void test_grows_and_shrinks() {
    Stage stage;
    stage.reconciler.apply(fan({sink("a")}));
    GstElement *a = stage.reconciler.element("a/sink"), *src = stage.reconciler.element("source/src");
    stage.wait_flow("a/sink");
    stage.reconciler.apply(fan({sink("a"), sink("b")}));
    stage.wait_flow("b/sink");
    stage.wait_flow("a/sink");
    stage.reconciler.apply(fan({sink("a")}));
    stage.wait_flow("a/sink");
    g_assert_true(stage.reconciler.element("a/sink") == a);
    g_assert_true(stage.reconciler.element("source/src") == src);
    g_assert_null(stage.reconciler.element("b/sink"));
    g_assert_true(stage.reconciler.settled());
    const std::vector<std::string> expected{"built a", "built source", "built b", "removed b"};
    g_assert_true(stage.said == expected);
}

void test_again_is_nothing() {
    Stage stage;
    stage.reconciler.apply(fan({sink("a")}));
    const auto said = stage.said;
    stage.reconciler.apply(fan({sink("a")}));
    g_assert_true(stage.said == said);
    g_assert_cmpuint(stage.reconciler.links().size(), ==, 1);
}

void test_property_changes_live() {
    Stage stage;
    stage.reconciler.apply(fan({sink("a")}));
    GstElement *a = stage.reconciler.element("a/sink");
    Branch silent = sink("a");
    silent.nodes[0].properties["silent"] = "false";
    stage.reconciler.apply(fan({silent}));
    g_assert_true(stage.reconciler.element("a/sink") == a);
    gboolean value = TRUE;
    g_object_get(a, "silent", &value, nullptr);
    g_assert_false(value);
    stage.reconciler.apply(fan({sink("a")})); // what is no longer named goes back to its default
    g_assert_true(stage.reconciler.element("a/sink") == a);
    g_object_get(a, "silent", &value, nullptr);
    g_assert_true(value);
    Branch longer =
        branch("a", {{"queue", "queue", {}}, {"sink", "fakesink", {{"async", "false"}, {"sync", "false"}}}});
    stage.reconciler.apply(fan({longer}));
    g_assert_nonnull(stage.reconciler.element("a/queue"));
    stage.wait_flow("a/sink");
}

void test_failure_stays_in_its_branch() {
    Stage stage;
    const Branch bad = branch("bad", {{"guard", "errorignore", {{"convert-to", "ok"}}},
                                      {"breaker", "identity", {{"error-after", "3"}}},
                                      {"sink", "fakesink", {{"async", "false"}}}});
    stage.reconciler.apply(fan({sink("a"), bad}));
    test::wait_for("the failure",
                   [&] { return std::count(stage.said.begin(), stage.said.end(), "failed bad: broken") >= 2; });
    stage.wait_flow("a/sink");
    g_assert_cmpint(std::count(stage.said.begin(), stage.said.end(), "built a"), ==, 1);
    g_assert_cmpint(std::count(stage.said.begin(), stage.said.end(), "built source"), ==, 1);
}

void test_missing_element() {
    Stage stage;
    stage.reconciler.apply(fan({sink("a"), branch("b", {{"x", "no-such-element", {}}})}));
    g_assert_cmpstr(stage.said[1].c_str(), ==, "failed b: element 'no-such-element' is not installed");
    stage.wait_flow("a/sink");
}

void test_drain() {
    Stage stage;
    stage.drain = true;
    stage.reconciler.apply(fan({sink("a")}));
    stage.reconciler.apply(fan({}));
    g_assert_nonnull(stage.draining);
    g_assert_null(stage.reconciler.element("a/sink"));
    g_assert_false(stage.reconciler.settled());
    RunningBranch *old = stage.draining;
    stage.reconciler.apply(fan({sink("a")})); // beside the one that is ending
    stage.wait_flow("a/sink");
    stage.reconciler.finish_drain(*old);
    stage.wait_flow("a/sink");
    g_assert_true(stage.reconciler.settled());
    stage.drain = false;
}

Branch camera(const char *id, const char *pattern) {
    return branch(id, {{"src", "videotestsrc", {{"is-live", "true"}, {"pattern", pattern}}},
                       {"size", "capsfilter", {{"caps", "video/x-raw,width=160,height=120,framerate=15/1"}}},
                       {"encoder", "x264enc", {{"tune", "zerolatency"}, {"key-int-max", "1000"}, {"threads", "1"}}},
                       {"pay", "rtph264pay", {{"config-interval", "-1"}}},
                       {"tee", "tee", {{"allow-not-linked", "true"}}}});
}

Graph program(const char *shown) {
    Graph graph;
    graph.branches = {branch("program", {{"video", "input-selector", {{"sync-streams", "false"}}},
                                         {"sink", "fakesink", {{"async", "false"}, {"sync", "false"}}}}),
                      camera(shown, "ball")};
    graph.branches.front().kind = Branch::Kind::Program; // what it shows stays until a switch is done
    const PadRef from{std::string(shown) + "/tee", "src_%u"};
    graph.links = {{from, {"program/video", "sink_%u"}, {}}};
    graph.selections = {{"program/video", from, ""}};
    return graph;
}

struct Seen {
    std::atomic<unsigned> packets{0}, switches{0}, bad{0};
    uint32_t ssrc = 0; // streaming thread
};

GstPadProbeReturn look(GstPad *, GstPadProbeInfo *info, gpointer data) {
    auto &seen = *static_cast<Seen *>(data);
    GstBuffer *buffer = GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER_LIST
                            ? gst_buffer_list_get(GST_PAD_PROBE_INFO_BUFFER_LIST(info), 0)
                            : GST_PAD_PROBE_INFO_BUFFER(info);
    GstMapInfo map;
    gst_buffer_map(buffer, &map, GST_MAP_READ);
    const auto packet = peerwire::parse_rtp({map.data, map.size});
    ++seen.packets;
    const uint32_t before = packet ? std::exchange(seen.ssrc, packet->ssrc) : 0;
    if (before && before != seen.ssrc) {
        ++seen.switches;
        seen.bad += !peerwire::starts_keyframe(peerwire::PayloadFormat::H264, packet->payload);
    }
    gst_buffer_unmap(buffer, &map);
    return GST_PAD_PROBE_OK;
}

void test_switches_at_keyframe() {
    Stage stage;
    Seen seen;
    stage.reconciler.apply(program("a"));
    const auto in = adopt(gst_element_get_static_pad(stage.reconciler.element("program/sink"), "sink"));
    gst_pad_add_probe(in.get(),
                      static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST), look,
                      &seen, nullptr);
    for (const char *shown : {"b", "a", "b"}) {
        const unsigned before = seen.packets;
        test::wait_for("pictures", [&] { return seen.packets > before + 5; });
        const unsigned switches = seen.switches;
        stage.reconciler.apply(program(shown));
        g_assert_false(stage.reconciler.settled()); // the former is still shown
        test::wait_for("the switch", [&] { return stage.reconciler.settled() && seen.switches == switches + 1; });
    }
    g_assert_cmpuint(seen.bad, ==, 0);
    g_assert_null(stage.reconciler.element("a/src"));
}

/// As program(), with one more layer of the picture, which has a selector in a branch of its own.
Graph layered_program(const char *shown) {
    Graph graph = program(shown);
    const PadRef from{std::string(shown) + "/tee", "src_%u"};
    graph.branches[0].nodes.push_back({"upper", "fakesink", {{"async", "false"}, {"sync", "false"}}});
    graph.branches.insert(graph.branches.begin() + 1,
                          branch("program:1", {{"video", "input-selector", {{"sync-streams", "false"}}}}));
    graph.links.push_back({{"program:1/video", "src"}, {"program/upper", "sink"}, {}});
    graph.links.push_back({from, {"program:1/video", "sink_%u"}, {}});
    graph.selections.push_back({"program:1/video", from, ""});
    return graph;
}

/// Another source takes over layer by layer; what has fewer layers ends the others when it is there, not before.
void test_layers() {
    Stage stage;
    Graph lower = program("c");
    lower.branches[0] = layered_program("c").branches[0];
    stage.reconciler.apply(layered_program("a"));
    stage.wait_flow("program/upper");
    GstElement *selector = stage.reconciler.element("program:1/video");

    stage.reconciler.apply(layered_program("b"));
    test::wait_for("both switches", [&] { return stage.reconciler.settled(); });
    g_assert_true(stage.reconciler.element("program:1/video") == selector);
    g_assert_null(stage.reconciler.element("a/src"));
    stage.wait_flow("program/upper");

    stage.reconciler.apply(lower);
    g_assert_false(stage.reconciler.settled());
    g_assert_true(stage.reconciler.element("program:1/video") == selector);
    stage.wait_flow("program/sink");
    test::wait_for("the switch", [&] { return stage.reconciler.settled(); });
    g_assert_null(stage.reconciler.element("program:1/video"));
    g_assert_null(stage.reconciler.element("b/src"));
    const auto upper = adopt(gst_element_get_static_pad(stage.reconciler.element("program/upper"), "sink"));
    g_assert_false(gst_pad_is_linked(upper.get()));
    stage.wait_flow("program/sink");
}

/// A decoder's output. Its pictures are `ahead_ns` ahead of their time.
Branch decoder(const char *id, const char *width, const char *ahead_ns) {
    return branch(id, {{"src", "videotestsrc", {{"is-live", "true"}, {"do-timestamp", "true"}}},
                       {"size",
                        "capsfilter",
                        {{"caps", std::string("video/x-raw,format=I420,height=120,framerate=30/1,width=") + width}}},
                       {"tee", "identity", {{"ts-offset", ahead_ns}}}});
}

Graph raw_program(Branch shown) {
    const PadRef from{shown.full("tee"), "src"};
    Graph graph = program("a");
    graph.branches.back() = std::move(shown);
    graph.links = {{from, {"program/video", "sink_%u"}, {}}};
    graph.selections = {{"program/video", from, ""}};
    return graph;
}

struct SeenPictures {
    std::atomic<unsigned> count{0}, backwards{0}, gaps{0};
    std::atomic<int> width{0};
    GstClockTime last = 0; // streaming thread
};

GstPadProbeReturn look_at_picture(GstPad *pad, GstPadProbeInfo *info, gpointer data) {
    auto &seen = *static_cast<SeenPictures *>(data);
    g_autoptr(GstCaps) caps = gst_pad_get_current_caps(pad);
    int width = 0;
    gst_structure_get_int(gst_caps_get_structure(caps, 0), "width", &width);
    seen.width = width;
    const GstClockTime time = GST_BUFFER_PTS(GST_PAD_PROBE_INFO_BUFFER(info));
    seen.backwards += time <= seen.last;
    seen.gaps += seen.count > 0 && time > seen.last + 3 * GST_SECOND / 30;
    seen.last = time;
    ++seen.count;
    return GST_PAD_PROBE_OK;
}

/// Another decoder takes over with its first picture that is news; the former goes on until then, and goes then.
void test_switches_decoders() {
    Stage stage;
    SeenPictures seen;
    stage.reconciler.apply(raw_program(decoder("a", "160", "40000000")));
    const auto in = adopt(gst_element_get_static_pad(stage.reconciler.element("program/sink"), "sink"));
    gst_pad_add_probe(in.get(), GST_PAD_PROBE_TYPE_BUFFER, look_at_picture, &seen, nullptr);
    struct Step {
        const char *id, *width, *ahead_ns;
    };
    for (const Step &step : {Step{"b", "320", "0"}, Step{"c", "160", "60000000"}, Step{"d", "320", "20000000"}}) {
        const unsigned before = seen.count;
        test::wait_for("pictures", [&] { return seen.count > before + 10; });
        stage.reconciler.apply(raw_program(decoder(step.id, step.width, step.ahead_ns)));
        g_assert_false(stage.reconciler.settled()); // the former is still shown
        test::wait_for("the switch", [&] {
            return stage.reconciler.settled() &&
                   seen.width == static_cast<int>(g_ascii_strtoll(step.width, nullptr, 10));
        });
    }
    g_assert_cmpuint(seen.backwards, ==, 0);
    g_assert_cmpuint(seen.gaps, ==, 0);
    g_assert_null(stage.reconciler.element("a/src"));
    g_assert_null(stage.reconciler.element("c/src"));
}

/// One that never delivers anything does not take over.
void test_silent_decoder() {
    Stage stage;
    SeenPictures seen;
    stage.reconciler.apply(raw_program(decoder("a", "160", "0")));
    const auto in = adopt(gst_element_get_static_pad(stage.reconciler.element("program/sink"), "sink"));
    gst_pad_add_probe(in.get(), GST_PAD_PROBE_TYPE_BUFFER, look_at_picture, &seen, nullptr);
    Branch silent =
        branch("b", {{"src", "appsrc", {{"is-live", "true"}, {"format", "time"}}}, {"tee", "identity", {}}});
    stage.reconciler.apply(raw_program(silent));
    test::wait_for("four seconds of pictures", [&] { return seen.count > 120; });
    g_assert_false(stage.reconciler.settled());
    g_assert_nonnull(stage.reconciler.element("a/src"));
    stage.reconciler.apply(raw_program(decoder("c", "320", "0")));
    test::wait_for("the switch", [&] { return stage.reconciler.settled() && seen.width == 320; });
    g_assert_cmpuint(seen.gaps, ==, 0);
    g_assert_null(stage.reconciler.element("a/src"));
}

/// What feeds all branches asks them in line with its buffers, and does not wait for one that is stuck.
void test_leaky_queue_refuses_waits() {
    Stage stage;
    Branch held =
        branch("held", {{"queue", "queue", {{"leaky", "downstream"}}}, {"sink", "fakesink", {{"async", "false"}}}});
    stage.reconciler.apply(fan({sink("a"), held}));
    stage.wait_flow("held/sink");
    const auto end = adopt(gst_element_get_static_pad(stage.reconciler.element("held/sink"), "sink"));
    std::atomic<bool> stuck = false;
    const auto note = [](GstPad *, GstPadProbeInfo *, gpointer data) {
        *static_cast<std::atomic<bool> *>(data) = true;
        return GST_PAD_PROBE_OK; // blocks
    };
    const gulong block = gst_pad_add_probe(end.get(), GST_PAD_PROBE_TYPE_BLOCK_DOWNSTREAM, note, &stuck, nullptr);
    test::wait_for("it is stuck", [&] { return stuck.load(); });
    const auto entry = adopt(gst_element_get_static_pad(stage.reconciler.element("held/queue"), "sink"));
    g_autoptr(GstCaps) caps = gst_pad_get_current_caps(entry.get());
    g_autoptr(GstQuery) query = gst_query_new_allocation(caps, FALSE);
    g_assert_false(gst_pad_query(entry.get(), query));
    stage.wait_flow("a/sink");
    gst_pad_remove_probe(end.get(), block);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    gst_init(&argc, &argv);
    g_test_add_func("/session/reconcile/grows-and-shrinks", test_grows_and_shrinks);
    g_test_add_func("/session/reconcile/again-is-nothing", test_again_is_nothing);
    g_test_add_func("/session/reconcile/property-changes-live", test_property_changes_live);
    g_test_add_func("/session/reconcile/failure-stays-in-its-branch", test_failure_stays_in_its_branch);
    g_test_add_func("/session/reconcile/missing-element", test_missing_element);
    g_test_add_func("/session/reconcile/drain", test_drain);
    g_test_add_func("/session/reconcile/switches-at-keyframe", test_switches_at_keyframe);
    g_test_add_func("/session/reconcile/layers", test_layers);
    g_test_add_func("/session/reconcile/switches-decoders", test_switches_decoders);
    g_test_add_func("/session/reconcile/silent-decoder", test_silent_decoder);
    g_test_add_func("/session/reconcile/leaky-queue-refuses-waits", test_leaky_queue_refuses_waits);
    return g_test_run();
}
