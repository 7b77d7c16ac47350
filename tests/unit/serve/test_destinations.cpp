// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/live/destination_list.h"
#include "tools/rostrum/live/destination_url.h"
#include "tools/rostrum/live/destinations.h"
#include "tools/rostrum/live/platforms.h"

#include <cstring>
#include <glib.h>

using rostrum::Json;
using rostrum::Refusal;

namespace {

void expect_text(const std::string &text, const std::string &expected) {
    g_assert_cmpstr(text.c_str(), ==, expected.c_str());
}

void outputs() {
    const std::string many = "[" + [] {
        std::string text;
        for (int i = 0; i < 11; i++)
            text += std::string(i ? "," : "") + R"({"url":"rtmp://a/live","streamKey":"k"})";
        return text;
    }() + "]";
    const struct {
        const char *name;
        std::string json;
        const char *says; ///< "": accepted
    } rows[] = {
        {"two", R"([{"url":"rtmp://a/live","streamKey":"k"},{"url":"rtmps://b:443/app/key"}])", ""},
        {"no list", R"({})", "list of 1 to 10"},
        {"empty", R"([])", "list of 1 to 10"},
        {"eleven", many, "list of 1 to 10"},
        {"http", R"([{"url":"rtmp://a/live/k"},{"url":"http://a/live"}])",
         "outputs[1]: the url has to begin with rtmp://"},
        {"no url", R"([{"streamKey":"k"}])", "outputs[0]: write"},
        {"number", R"([7])", "outputs[0]: write"},
        {"key is no string", R"([{"url":"rtmp://a/live","streamKey":5}])", "streamKey has to be a string"},
        {"no key", R"([{"url":"rtmp://a/live/k","streamKey":null}])", ""},
    };
    for (const auto &row : rows) {
        g_test_message("%s", row.name);
        const auto result = rostrum::parse_destinations(*rostrum::parse_json(row.json), false);
        const auto *refusal = std::get_if<Refusal>(&result);
        g_assert_cmpint(refusal ? refusal->code : 0, ==, *row.says ? 4015 : 0);
        g_assert_cmpint(refusal ? refusal->status : 0, ==, *row.says ? 400 : 0);
        if (refusal)
            g_assert_nonnull(strstr(refusal->message.c_str(), row.says));
    }
}

void urls() {
    const struct {
        std::string url, key;
        const char *says; ///< "": accepted
    } rows[] = {
        {"rtmp://a.example/live", "k", ""},
        {"rtmp://a.example/live/k", "", ""},
        {"rtmp://a.example/live/inst/", "k", ""},
        {"rtmp://a.example/live?token=1", "k", ""},
        {"rtmp://a.example/live/k?token=a/b", "", ""},
        {"rtmps://user:p%40w@a.example:4430/live", "k", ""},
        {"rtmp://[2001:db8::1]/live", "k", ""},
        {"rtmp://[2001:db8::1]:1936/live", "k", ""},
        {"rtmp://a/live", "k/%zz#?&=+ü", ""},
        {"rtmp://a/live", std::string(512, 'k'), ""},
        {"srt://a:9000", "", ""},
        {"srt://a:9000", "id", ""},
        {"srt://[2001:db8::1]:9000?mode=caller&latency=200&streamid=publish%3Aa&passphrase=0123456789&pbkeylen=32", "",
         ""},
        {"srt://a:9000/", "", ""},

        {"", "k", "cannot be read"},
        {"live", "k", "cannot be read"},
        {"file:///etc/passwd", "k", "has to begin with rtmp://"},
        {"RTMP://a/live", "k", "has to begin with rtmp://"},
        {"rtmp:///live", "k", "names no host"},
        {"rtmp://:1935/live", "k", "names no host"},
        {"rtmp://@a/live", "k", "names no user"},
        {"rtmp://a%00b/live", "k", "no host has"},
        {"rtmp://a\\b/live", "k", "no host has"},
        {"rtmp://2001:db8::1/live", "k", "in brackets"},
        {"rtmp://[2001:db8::1/live", "k", "not closed"},
        {"rtmp://[a.example]/live", "k", "no IPv6 address"},
        {"rtmp://[2001:db8::1]x/live", "k", "port has to be"},
        {"rtmp://a:/live", "k", "port has to be"},
        {"rtmp://a:0/live", "k", "port has to be"},
        {"rtmp://a:65536/live", "k", "port has to be"},
        {"rtmp://a:1e3/live", "k", "port has to be"},
        {"rtmp://a", "k", "no application"},
        {"rtmp://a//", "k", "no application"},
        {"rtmp://a/live", "", "no stream key"},
        {"rtmp://a/live/", "", "no stream key"},
        {"rtmp://a/live", "k k", "blanks"},
        {"rtmp://a/live\n", "k", "blanks"},
        {std::string("rtmp://a/li\0ve", 14), "k", "blanks"},
        {"rtmp://a/live", "k\x7f", "blanks"},
        {"rtmp://a/" + std::string(1024, 'x'), "k", "more than 1024"},
        {"rtmp://a/live", std::string(513, 'k'), "more than 512"},
        {"srt://a", "", "needs a port"},
        {"srt://a:9000/live", "", "no path"},
        {"srt://u@a:9000", "", "takes no user"},
        {"srt://a:9000?mode=listener", "", "mode has to be caller"},
        {"srt://a:9000?latency=-1", "", "latency has to be"},
        {"srt://a:9000?latency=60001", "", "latency has to be"},
        {"srt://a:9000?passphrase=short", "", "10 to 79"},
        {"srt://a:9000?pbkeylen=15", "", "pbkeylen has to be"},
        {"srt://a:9000?streamid=%zz", "", "'%'"},
        {"srt://a:9000?localaddress=1", "", "nothing else"},
    };
    for (const auto &row : rows) {
        g_test_message("%s", row.url.c_str());
        const auto result = rostrum::parse_destination_url(row.url, row.key);
        const auto *fault = std::get_if<std::string>(&result);
        g_assert_cmpint(fault != nullptr, ==, *row.says != '\0');
        if (fault) {
            g_test_message("%s", fault->c_str());
            g_assert_nonnull(strstr(fault->c_str(), row.says));
        }
    }
}

void masked() {
    const struct {
        const char *url;
        bool key;
        const char *shown;
    } rows[] = {
        {"rtmp://u:p@a:1935/live/secret", false, "rtmp://a:1935/live"},
        {"rtmp://u:p@a:1935/live/secret?a=b/c", false, "rtmp://a:1935/live"},
        {"rtmp://a/live?key=secret", true, "rtmp://a/live"},
        {"rtmps://[2001:db8::1]:444/live/inst", true, "rtmps://[2001:db8::1]:444/live/inst"},
        {"srt://a:9000?streamid=secret&passphrase=secret-too", false, "srt://a:9000"},
        {"srt://a:9000/", true, "srt://a:9000"},
        {"rubbish", true, ""},
    };
    for (const auto &row : rows)
        expect_text(rostrum::public_destination_url(row.url, row.key), row.shown);
}

/// What is an address by itself; names are looked at when they are resolved.
void private_hosts() {
    const struct {
        const char *url;
        bool refused;
    } rows[] = {
        {"rtmp://localhost/live", true},
        {"rtmp://127.0.0.1:1935/live", true},
        {"rtmps://u:p@10.0.0.1/live", true},
        {"rtmp://[::1]/live", true},
        {"rtmp://[::ffff:169.254.169.254]/live", true},
        {"rtmp://0x7f000001/live", true},
        {"srt://192.168.1.1:9000", true},
        {"rtmp://8.8.8.8/live", false},
        {"rtmp://[2606:4700::1111]/live", false},
        {"rtmp://a.example/live", false},
    };
    for (const auto &row : rows) {
        g_test_message("%s", row.url);
        const Json output = Json::object({{"url", row.url}, {"streamKey", "k"}});
        g_assert_true(std::holds_alternative<Json>(rostrum::parse_destination(output, true)));
        const auto result = rostrum::parse_destination(output, false);
        const auto *refusal = std::get_if<Refusal>(&result);
        g_assert_cmpint(refusal ? refusal->code : 0, ==, row.refused ? 4015 : 0);
        if (refusal)
            g_assert_nonnull(strstr(refusal->message.c_str(), "allow-private-destinations"));
    }
}

void numbers_and_masks() {
    rostrum::OutputRecord livestream;
    livestream.id = "l";
    livestream.details = Json::object({{"outputs", Json::array()}});
    const auto add = [&](const std::string &key) {
        return rostrum::add_destination(livestream, Json::object({{"url", "rtmp://u:pw@a/live"}, {"streamKey", key}}));
    };
    expect_text(add("hunter2"), "l-0");
    expect_text(add("hunter3"), "l-1");
    Json first = rostrum::find_destination(livestream, "l-0");
    rostrum::note_report(first, *rostrum::parse_json(R"({"bytes":5,"bitrate":7,"attempts":2,"reconnects":1,"x":1})"));
    rostrum::note_report(first, *rostrum::parse_json(R"({"bytes":6,"error":"gone","retryInMs":500})"));
    expect_text(
        rostrum::describe_destination(first).dump(),
        R"({"id":"l-0","url":"rtmp://a/live","state":"connecting","bytes":6,"retryInMs":500,"error":"gone","lastError":"gone"})");
    rostrum::note_report(first, *rostrum::parse_json(R"({"bytes":8,"bitrate":1})"));
    const Json shown = rostrum::describe_destination(first);
    g_assert_false(shown.has("error"));
    expect_text(shown.text("lastError"), "gone");

    g_assert_cmpuint(rostrum::running_destinations(livestream), ==, 2);
    first.set("state", "failed");
    g_assert_cmpuint(rostrum::running_destinations(livestream), ==, 1);
    expect_text(rostrum::wanted_destinations(livestream).dump(),
                R"([{"id":"l-1","url":"rtmp://u:pw@a/live","streamKey":"hunter3"}])");
    const std::string all = rostrum::describe_destinations(livestream).dump();
    g_assert_null(strstr(all.c_str(), "hunter"));
    g_assert_null(strstr(all.c_str(), "pw"));

    for (int i = 0; i < 60; i++) { // what ended is not kept for ever, and no id comes twice
        rostrum::find_destination(livestream, add("k")).set("state", "stopped");
    }
    g_assert_cmpuint(livestream.details.get("outputs").items().size(), ==, 50);
    g_assert_true(rostrum::find_destination(livestream, "l-1").is_object());
    expect_text(add("k"), "l-62");
}

void platforms() {
    const struct {
        const char *host, *platform; ///< "": none
    } hosts[] = {
        {"a.rtmp.youtube.com", "YouTube"},
        {"a.rtmps.YouTube.com", "YouTube"},
        {"live.twitch.tv", "Twitch"},
        {"fra05.contribute.live-video.net", "Twitch"},
        {"abc.global-contribute.live-video.net", ""}, // anybody's channel at the same provider
        {"live-api-s.facebook.com", "Facebook"},
        {"x.channel.media.azure.net", "LinkedIn"},
        {"notyoutube.com", ""},
        {"youtube.com.example", ""},
        {"127.0.0.1", ""},
    };
    for (const auto &row : hosts) {
        const rostrum::Platform *platform = rostrum::platform_of(row.host);
        expect_text(platform ? platform->name : "", row.platform);
    }

    const struct {
        const char *url, *composition;
        std::vector<const char *> say;
    } rows[] = {
        {"rtmp://live.twitch.tv/app", R"({"quality":"med"})", {}},
        {"rtmp://live.twitch.tv/app", R"({"quality":"high","orientation":"portrait"})", {}},
        {"rtmp://live.twitch.tv/app",
         R"({"quality":"ultra"})",
         {"Twitch takes pictures of at most 1920 px; this stream has 2560x1440",
          "Twitch takes at most 6000 kbit/s; this stream has 8000"}},
        {"rtmp://a.rtmp.youtube.com/live2", R"({"quality":"ultra"})", {}},
        {"rtmps://live-api-s.facebook.com/rtmp", R"({"quality":"high"})", {}},
        {"rtmp://live-api-s.facebook.com/rtmp", R"({"quality":"low"})", {"Facebook takes rtmps:// only"}},
        {"rtmp://a.example/live", R"({"quality":"ultra"})", {}},
        {"srt://a.example:9000", R"({"quality":"ultra"})", {}},
    };
    for (const auto &row : rows) {
        g_test_message("%s %s", row.url, row.composition);
        rostrum::OutputRecord livestream;
        livestream.id = "l";
        livestream.details = Json::object({{"outputs", Json::array()}});
        rostrum::add_destination(livestream, Json::object({{"url", row.url}, {"streamKey", "k"}}));
        const auto warnings = rostrum::platform_warnings(livestream, *rostrum::parse_json(row.composition)).items();
        g_assert_cmpuint(warnings.size(), ==, row.say.size());
        for (size_t i = 0; i < warnings.size(); i++) {
            expect_text(warnings[i].text("message"), row.say[i]);
            expect_text(warnings[i].text("outputId"), "l-0");
        }
        rostrum::find_destination(livestream, "l-0").set("state", "stopped");
        g_assert_true(rostrum::platform_warnings(livestream, *rostrum::parse_json(row.composition)).items().empty());
    }

    const rostrum::Platform *twitch = rostrum::platform_of("twitch.tv");
    expect_text(rostrum::platform_faults(*twitch, "rtmps", {1280, 720, 2500, 4}).at(0),
                "wants a keyframe every 2 s; this stream has one every 4 s");
    const rostrum::Platform *facebook = rostrum::platform_of("facebook.com");
    expect_text(rostrum::platform_faults(*facebook, "rtmps", {1280, 720, 5000, 2}).at(0),
                "takes at most 4000 kbit/s; this stream has 5000");
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/destinations/outputs", outputs);
    g_test_add_func("/destinations/urls", urls);
    g_test_add_func("/destinations/masked", masked);
    g_test_add_func("/destinations/private-hosts", private_hosts);
    g_test_add_func("/destinations/numbers-and-masks", numbers_and_masks);
    g_test_add_func("/destinations/platforms", platforms);
    return g_test_run();
}
