// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/live/composition.h"
#include "tools/rostrum/live/output_machine.h"
#include "tools/rostrum/live/webhooks.h"

#include <glib.h>

using rostrum::Json;
using rostrum::OutputMachine;
using rostrum::OutputState;
using rostrum::Refusal;

namespace {

struct Step {
    const char *part, *state; ///< part "stop", "give up", "remove a": what the session does
    const char *becomes;      ///< "" when nothing is told
};

void machine() {
    const struct {
        const char *name;
        std::vector<Step> steps;
    } rows[] = {
        {"first live starts it, all stopped stops it",
         {{"a", "live", "started"},
          {"b", "live", ""},
          {"stop", "", "stopping"},
          {"a", "stopped", ""},
          {"b", "stopped", "stopped"}}},
        {"told once",
         {{"a", "live", "started"},
          {"a", "retrying", ""},
          {"a", "live", ""},
          {"stop", "", "stopping"},
          {"stop", "", ""}}},
        {"one failed does not fail it", {{"a", "failed", ""}, {"b", "live", "started"}}},
        {"all failed", {{"a", "failed", ""}, {"b", "failed", "failed"}, {"a", "live", ""}, {"give up", "", ""}}},
        {"failed while stopping", {{"stop", "", "stopping"}, {"a", "failed", ""}, {"b", "failed", "stopped"}}},
        {"one failed, the other stopped", {{"a", "live", "started"}, {"b", "failed", ""}, {"a", "stopped", "stopped"}}},
        {"nobody reports",
         {{"a", "live", "started"}, {"stop", "", "stopping"}, {"give up", "", "stopped"}, {"give up", "", ""}}},
        {"lost", {{"give up", "", "failed"}, {"stop", "", ""}}},
        {"a part that ended stays so",
         {{"a", "failed", ""}, {"a", "stopped", ""}, {"a", "live", ""}, {"b", "failed", "failed"}}},
        {"a part that was taken out",
         {{"a", "live", "started"},
          {"remove a", "", ""},
          {"a", "live", ""},
          {"b", "retrying", ""},
          {"b", "failed", "failed"}}},
        {"one taken out, the end", {{"remove a", "", ""}, {"stop", "", "stopping"}, {"b", "stopped", "stopped"}}},
        {"unknown part", {{"c", "live", ""}, {"remove c", "", ""}}},
        {"live while stopping", {{"stop", "", "stopping"}, {"a", "live", ""}}},
    };
    for (const auto &row : rows) {
        OutputMachine machine;
        machine.add_part("a");
        machine.add_part("b");
        for (const Step &step : row.steps) {
            g_test_message("%s: %s %s", row.name, step.part, step.state);
            const std::string part = step.part;
            if (part.starts_with("remove ")) {
                machine.remove_part(part.substr(7));
                continue;
            }
            const auto next = part == "stop"      ? machine.stop()
                              : part == "give up" ? machine.give_up()
                                                  : machine.part_changed(part, step.state, "");
            g_assert_cmpstr(next ? rostrum::output_state_name(*next) : "", ==, step.becomes);
        }
    }
}

/// A recording: one part, which may fail and go on by itself.
void resuming() {
    const struct {
        const char *name;
        std::vector<Step> steps; // state "failed!": it resumes
    } rows[] = {
        {"goes on", {{"a", "started", "started"}, {"a", "failed!", "interrupted"}, {"a", "started", "started"}}},
        {"told once", {{"a", "started", "started"}, {"a", "failed!", "interrupted"}, {"a", "failed!", ""}}},
        {"before it began", {{"a", "failed!", "interrupted"}, {"a", "started", "started"}}},
        {"is ended meanwhile",
         {{"a", "started", "started"},
          {"a", "failed!", "interrupted"},
          {"stop", "", "stopping"},
          {"a", "stopped", "stopped"}}},
        {"gives up", {{"a", "started", "started"}, {"a", "failed!", "interrupted"}, {"a", "failed", "failed"}}},
        {"fails while it is ended",
         {{"a", "started", "started"}, {"stop", "", "stopping"}, {"a", "failed!", "stopped"}}},
    };
    for (const auto &row : rows) {
        OutputMachine machine;
        machine.add_part("a");
        for (const Step &step : row.steps) {
            g_test_message("%s: %s %s", row.name, step.part, step.state);
            std::string state = step.state;
            const bool resumes = state.ends_with('!');
            if (resumes)
                state.pop_back();
            const auto next =
                std::string(step.part) == "stop" ? machine.stop() : machine.part_changed("a", state, "", resumes);
            g_assert_cmpstr(next ? rostrum::output_state_name(*next) : "", ==, step.becomes);
        }
    }
}

void pictures() {
    const struct {
        const char *name, *json, *result; ///< the composition, or part of the refusal
        bool good;
    } rows[] = {
        {"nothing", "{}", R"("type":"GRID","priority":"SPEAKER","gridSize":25},"theme":"DARK","quality":"med")", true},
        {"lower case", R"({"layout":{"type":"spotlight","gridSize":4},"quality":"high"})",
         R"("type":"SPOTLIGHT","priority":"SPEAKER","gridSize":4},"theme":"DARK","quality":"high")", true},
        {"slip", R"({"layout":{"type":"GIRD"}})", "did you mean 'GRID'?", false},
        {"theme", R"({"theme":"PINK"})", "theme", false},
        {"grid size", R"({"layout":{"gridSize":26}})", "0 to 25", false},
        {"layout is text", R"({"layout":"GRID"})", "object", false},
        {"pip", R"({"layout":{"type":"pip"}})", R"("type":"PIP")", true},
        {"screen, ultra", R"({"layout":{"type":"SCREEN"},"quality":"ultra"})", R"("quality":"ultra")", true},
        {"a description means CUSTOM", R"({"layout":{"description":{"regions":[{}]}}})",
         R"("type":"CUSTOM","priority":"SPEAKER","gridSize":25,"description":{"regions":[{}]}})", true},
        {"custom without one", R"({"layout":{"type":"CUSTOM"}})", "needs a description", false},
        {"style", R"({"layout":{"gap":0,"radius":360},"speakerBorder":40,"accent":"#AbCdEf"})",
         R"("gap":0,"radius":360},"theme":"DARK","quality":"med","orientation":"landscape","speakerBorder":40,"accent":"#AbCdEf")",
         true},
        {"null is the default", R"({"layout":{"gap":null},"accent":null})", R"("gap":null})", true},
        {"short colour", R"({"accent":"#abc"})", "#1a2b3c", false},
        {"gap as text", R"({"layout":{"gap":"4"}})", "gap has to be", false},
        {"transition", R"({"transition":{"ms":5000,"ease":"EASE-IN"}})", R"("transition":{"ms":5000,"ease":"ease-in"})",
         true},
        {"transition is a number", R"({"transition":400})", "object", false},
        {"pins", R"({"pinned":["ann","bob"],"screens":["ann"]})", R"("pinned":["ann","bob"],"screens":["ann"])", true},
        {"a pin is a number", R"({"pinned":[1]})", "pinned has to be", false},
        {"branding", R"({"lowerThird":"Ann | Host","ticker":null,"countdown":1700000000000,"beRightBack":true})",
         R"("lowerThird":"Ann | Host","ticker":null,"countdown":1700000000000,"beRightBack":true)", true},
        {"two lines", R"({"lowerThird":"Ann\nHost"})", "without line breaks", false},
        {"ticker as number", R"({"ticker":5})", "ticker has to be a text", false},
        {"countdown before the beginning", R"({"countdown":-1})", "countdown has to be", false},
        {"be right back as text", R"({"beRightBack":"yes"})", "true or false", false},
        {"background", R"({"background":"navy"})", "background has to be a colour", false},
    };
    for (const auto &row : rows) {
        g_test_message("%s", row.name);
        const auto result = rostrum::parse_composition(*rostrum::parse_json(row.json), rostrum::default_composition());
        g_assert_cmpint(result.index(), ==, row.good ? 0 : 1);
        const std::string text = row.good ? std::get<Json>(result).dump() : std::get<Refusal>(result).message;
        g_assert_nonnull(strstr(text.c_str(), row.result));
    }
}

void webhook_names() {
    const auto wanted = [](const char *events, const char *type) {
        return rostrum::webhook_wanted(rostrum::parse_json(events)->get("e"), type);
    };
    g_assert_true(wanted("{}", "session-started"));
    g_assert_true(wanted(R"({"e":[]})", "session-started"));
    g_assert_true(wanted(R"({"e":["*"]})", "session-started"));
    g_assert_true(wanted(R"({"e":["recording-*","session-started"]})", "session-started"));
    g_assert_true(wanted(R"({"e":["session*"]})", "session-ended"));
    g_assert_false(wanted(R"({"e":["recording-*"]})", "session-started"));
    g_assert_false(wanted(R"({"e":["session"]})", "session-started"));
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/outputs/machine", machine);
    g_test_add_func("/outputs/resuming", resuming);
    g_test_add_func("/outputs/pictures", pictures);
    g_test_add_func("/outputs/webhook-names", webhook_names);
    return g_test_run();
}
