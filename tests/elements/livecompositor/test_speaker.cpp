// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Who has the floor, over made-up traces of loudness.

#include "livecompositor/speaker.h"

#include <glib.h>

#include <array>
#include <cmath>
#include <random>
#include <string>
#include <vector>

using namespace livecompositor;

namespace {

constexpr int kBlockMs = 10;

enum class Kind { Silence, Speech, Mumble, Fan, Music, Absent };

struct Sound {
    Kind kind = Kind::Silence;
    float level = 0;
};
constexpr Sound speech(float level) {
    return {Kind::Speech, level};
}
/// Speech without a breath: only the gaps between syllables.
constexpr Sound mumble(float level) {
    return {Kind::Mumble, level};
}
constexpr Sound fan(float level) {
    return {Kind::Fan, level};
}
constexpr Sound music(float level) {
    return {Kind::Music, level};
}
constexpr Sound kNothing{}, kAbsent{Kind::Absent, 0};

struct Scene {
    int ms;
    Sound a = {}, b = {}, c = {};
};

struct Row {
    const char *name;
    std::vector<Scene> scenes;
    const char *speakers; ///< in their order: '-' is nobody; begins with who has it first
};

const Row kRows[] = {
    {"silence", {{5000}}, ""},
    {"a cough in silence", {{2000}, {250, speech(0.3f)}, {3000}}, ""},
    {"coughs once a second", {{250, fan(0.3f)}, {750}, {250, fan(0.3f)}, {750}, {250, fan(0.3f)}, {750}}, ""},
    {"somebody speaks", {{1000}, {3000, speech(0.05f)}}, "a"},
    {"somebody whispers", {{1000}, {3000, speech(0.015f)}}, "a"},
    {"a room without a voice", {{20000, fan(0.004f)}}, ""},
    {"silence after speech", {{3000, speech(0.05f)}, {20000}}, "a"},
    {"a monologue without a breath", {{60000, mumble(0.05f), kNothing}}, "a"},
    {"a cough into a speech", {{3000, speech(0.05f)}, {250, speech(0.05f), fan(0.5f)}, {3000, speech(0.05f)}}, "a"},
    {"yes, yes", {{3000, speech(0.05f)}, {350, kNothing, speech(0.05f)}, {2000, speech(0.05f)}}, "a"},
    {"yes, into a speech",
     {{3000, speech(0.05f)}, {500, speech(0.05f), speech(0.08f)}, {3000, speech(0.05f), kNothing}},
     "a"},
    {"laughter of everybody",
     {{3000, speech(0.05f)}, {300, fan(0.1f), fan(0.2f), fan(0.2f)}, {3000, speech(0.05f)}},
     "a"},
    {"another one joins in, as loud", {{3000, speech(0.05f)}, {5000, speech(0.05f), speech(0.06f)}}, "a"},
    {"three at once", {{3000, speech(0.05f)}, {9000, speech(0.05f), speech(0.05f), speech(0.05f)}}, "a"},
    {"question and answer",
     {{3000, speech(0.05f)}, {3000, kNothing, speech(0.05f)}, {3000, speech(0.05f)}, {3000, kNothing, speech(0.03f)}},
     "abab"},
    {"quick exchange",
     {{1500, speech(0.05f)},
      {200},
      {1500, kNothing, speech(0.05f)},
      {200},
      {1500, speech(0.05f)},
      {200},
      {1500, kNothing, speech(0.05f)}},
     "abab"},
    {"a round of three",
     {{3000, speech(0.05f)}, {3000, kNothing, speech(0.04f)}, {3000, kNothing, kNothing, speech(0.06f)}},
     "abc"},
    {"shouted down", {{3000, speech(0.05f)}, {3000, speech(0.05f), speech(0.3f)}}, "ab"},
    {"a fan beside a quiet speaker", {{10000, kNothing, fan(0.02f)}, {10000, speech(0.02f), fan(0.02f)}}, "ba"},
    {"a fan louder than the speaker", {{10000, kNothing, fan(0.1f)}, {20000, speech(0.04f), fan(0.1f)}}, "ba"},
    {"a fan that is switched on during a speech", {{5000, speech(0.05f)}, {30000, speech(0.05f), fan(0.05f)}}, "a"},
    {"hold music beside a speaker", {{10000, kNothing, music(0.1f)}, {20000, speech(0.05f), music(0.1f)}}, "ba"},
    {"a voice over one's own fan", {{8000, fan(0.003f), fan(0.02f)}, {3000, fan(0.003f), speech(0.1f)}}, "b"},
    {"who had the floor leaves", {{3000, speech(0.05f)}, {3000, kAbsent}}, "a-"},
    {"who had the floor leaves, another speaks", {{3000, speech(0.05f)}, {3000, kAbsent, speech(0.05f)}}, "a-b"},
};

/// Loudness of a block at `ms` of its trace.
float loudness(const Sound &sound, int ms, std::mt19937 &random) {
    std::uniform_real_distribution<float> uniform(-1, 1);
    const bool gap = ms % 220 >= 160, breath = sound.kind == Kind::Speech && ms % 2500 >= 2200;
    switch (sound.kind) {
    case Kind::Speech:
    case Kind::Mumble:
        return sound.level * (gap || breath ? 0.03f : 0.9f + 0.3f * std::sin(static_cast<float>(ms / 220)));
    case Kind::Fan:
        return sound.level * (1 + 0.05f * uniform(random));
    case Kind::Music: // two beats per second over a carpet
        return sound.level * (0.65f + 0.35f * std::exp(-static_cast<float>(ms % 500) / 150) + 0.05f * uniform(random));
    case Kind::Silence:
    case Kind::Absent:
        break;
    }
    return 0.0003f;
}

void test_traces() {
    for (const Row &row : kRows) {
        SpeakerDetector detector;
        std::mt19937 random(5);
        std::string speakers;
        int now = 0;
        for (const Scene &scene : row.scenes) {
            for (int ms = 0; ms < scene.ms; ms += kBlockMs, now += kBlockMs) {
                std::vector<SpeakerDetector::Level> levels;
                unsigned index = 0;
                for (const Sound &sound : {scene.a, scene.b, scene.c}) {
                    if (sound.kind != Kind::Absent)
                        levels.push_back({index, loudness(sound, ms, random)});
                    ++index;
                }
                if (detector.update(levels, kBlockMs))
                    speakers += detector.speaker() ? static_cast<char>('a' + *detector.speaker()) : '-';
            }
        }
        if (speakers != row.speakers)
            g_error("%s: the floor went to '%s' instead of '%s'", row.name, speakers.c_str(), row.speakers);
    }
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/livecompositor/speaker", test_traces);
    return g_test_run();
}
