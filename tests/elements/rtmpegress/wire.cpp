// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// RTMP without a socket: AMF0, chunks, the publisher's conversation, Adobe's login.

#include "rtmpegress/rtmp/adobe_auth.h"
#include "rtmpegress/rtmp/amf0.h"
#include "rtmpegress/rtmp/flv_body.h"
#include "rtmpegress/rtmp/publisher.h"
#include "rtmpegress/rtmp/refusal.h"
#include "rtmpegress/server_text.h"

#include <glib.h>

using namespace rostrum::rtmp;

namespace {

void assert_bytes(ByteView bytes, const Bytes &expected) {
    g_assert_cmpmem(bytes.data(), bytes.size(), expected.data(), expected.size());
}

void assert_text(std::string_view text, const char *expected) {
    const std::string copy(text);
    g_assert_cmpstr(copy.c_str(), ==, expected);
}

void test_amf_written() {
    Bytes out;
    Amf0Writer writer(out);
    writer.string("ab");
    writer.number(1);
    writer.null();
    writer.begin_object();
    writer.key("k");
    writer.boolean(true);
    writer.end();
    assert_bytes(out, {2, 0, 2, 'a', 'b', 0, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0, 5, 3, 0, 1, 'k', 1, 1, 0, 0, 9});

    Bytes large;
    Amf0Writer(large).string(std::string(70'000, 'x'));
    g_assert_cmpuint(large.size(), ==, 5 + 70'000);
    assert_bytes(ByteView(large).first(5), {12, 0, 1, 0x11, 0x70});
}

void test_amf_read() {
    const Bytes info = {
        2,  0,   1,   'x', 0,   0x40, 0, 0, 0,   0, 0, 0,   0, 5, 8, 0, 0, 0, 9, 0,
        4,  'c', 'o', 'd', 'e', 2,    0, 1, 'C', 0, 1, 'n', 3, 0, 0, 9, 0, 0, 9, // ECMA array with an object in it
        10, 0,   0,   0,   1,   1,    1,                                         // strict array of one boolean
        11, 0,   0,   0,   0,   0,    0, 0, 0,   0, 0,                           // date
        12, 0,   0,   0,   1,   'L'};
    const auto values = parse_amf0(info);
    g_assert_cmpuint(values.size(), ==, 7);
    assert_text(values[0].text, "x");
    g_assert_cmpfloat(values[1].number, ==, 2);
    g_assert_true(values[2].type == Amf0Value::Type::Other);
    assert_text(values[3].text_of("code"), "C");
    g_assert_nonnull(values[3].find("n"));
    g_assert_null(values[3].find("m"));
    g_assert_cmpuint(values[4].members.size(), ==, 1);
    assert_text(values[6].text, "L");
}

void test_amf_malformed() {
    const struct {
        const char *name;
        Bytes bytes;
    } rows[] = {
        {"string longer than the message", {2, 0xff, 0xff, 'a'}},
        {"long string longer than the message", {12, 0xff, 0xff, 0xff, 0xff, 'a'}},
        {"half a number", {0, 1, 2}},
        {"object without end", {3, 0, 1, 'k', 5}},
        {"strict array of billions", {10, 0xff, 0xff, 0xff, 0xff, 5}},
        {"unknown marker", {0x42}},
    };
    for (const auto &row : rows) {
        g_test_message("%s", row.name);
        g_assert_cmpuint(parse_amf0(row.bytes).size(), ==, 0);
    }
    Bytes deep;
    for (int i = 0; i < 1000; i++)
        append(deep, Bytes{3, 0, 1, 'k'});
    g_assert_cmpuint(parse_amf0(deep).size(), ==, 0);
    g_assert_cmpuint(parse_amf0(Bytes(100'000, 5)).size(), ==, 512); // as many values as a message may have
}

void test_chunks_written() {
    ChunkWriter writer;
    writer.set_chunk_size(4);
    Bytes out;
    const Bytes payload = {1, 2, 3, 4, 5};
    writer.write(ChunkStream::Video, {MessageType::Video, 1, 1000}, {payload}, out);
    assert_bytes(out, {6, 0, 3, 0xe8, 0, 0, 5, 9, 1, 0, 0, 0, 1, 2, 3, 4, 0xc6, 5});
    out.clear();
    writer.write(ChunkStream::Video, {MessageType::Video, 1, 1033}, {ByteView(payload).first(2)}, out); // a difference
    assert_bytes(out, {0x46, 0, 0, 33, 0, 0, 2, 9, 1, 2});
    out.clear();
    writer.write(ChunkStream::Video, {MessageType::Video, 1, 900}, {ByteView(payload).first(1)}, out); // back: absolute
    assert_bytes(out, {6, 0, 3, 0x84, 0, 0, 1, 9, 1, 0, 0, 0, 1});
}

void test_extended_timestamps() {
    ChunkWriter writer;
    writer.set_chunk_size(2);
    Bytes out;
    const Bytes payload = {1, 2, 3};
    writer.write(ChunkStream::Audio, {MessageType::Audio, 1, 0xffffff}, {payload}, out);
    assert_bytes(
        out, {4, 0xff, 0xff, 0xff, 0, 0, 3, 8, 1, 0, 0, 0, 0, 0xff, 0xff, 0xff, 1, 2, 0xc4, 0, 0xff, 0xff, 0xff, 3});
    out.clear();
    writer.write(ChunkStream::Audio, {MessageType::Audio, 1, 0x1000016}, {payload},
                 out); // the difference is small again
    assert_bytes(out, {0x44, 0, 0, 23, 0, 0, 3, 8, 1, 2, 0xc4, 3});
    out.clear();
    writer.write(ChunkStream::Audio, {MessageType::Audio, 1, 0x2000016}, {payload}, out); // a pause of 4.6 hours
    assert_bytes(out, {0x44, 0xff, 0xff, 0xff, 0, 0, 3, 8, 1, 0, 0, 0, 1, 2, 0xc4, 1, 0, 0, 0, 3});
    out.clear();
    writer.write(ChunkStream::Audio, {MessageType::Audio, 1, 0x1}, {}, out); // after 49 days, or back
    g_assert_cmpuint(out[0], ==, 4);
}

std::vector<std::pair<MessageType, Bytes>> read(ChunkReader &reader, ByteView bytes, size_t step, bool &sound) {
    std::vector<std::pair<MessageType, Bytes>> messages;
    sound = true;
    while (sound && !bytes.empty()) {
        const size_t now = std::min(step, bytes.size());
        sound = reader.feed(bytes.first(now), [&](MessageType type, ByteView payload) {
            messages.emplace_back(type, Bytes(payload.begin(), payload.end()));
        });
        bytes = bytes.subspan(now);
    }
    return messages;
}

/// What one writes the other reads, in pieces of any size, with other messages in between.
void test_chunks_read() {
    const Bytes bytes = {
        0x02, 0, 0,    0,    0,    0, 4, 1,  0, 0, 0, 0, 0, 0, 0, 2,       // chunks of 2 from now on
        0x03, 0, 0,    0,    0,    0, 3, 20, 1, 0, 0, 0, 1, 2,             // 1, 2 and later 3
        0x00, 0, 0xff, 0xff, 0xff, 0, 0, 1,  5, 0, 0, 0, 0, 1, 0, 0, 0, 9, // stream 64, extended time
        0xc3, 3,                                                           //
        0xc0, 0, 1,    0,    0,    0, 8,                                   // again, header repeated
        0x01, 0, 1,    0,    0,    0, 0, 0,  0, 9, 0, 0, 0, 0,             // stream 320, nothing in it
    };
    for (const size_t step : {size_t{1}, size_t{3}, bytes.size()}) {
        ChunkReader reader;
        bool sound = false;
        const auto messages = read(reader, bytes, step, sound);
        g_assert_true(sound);
        g_assert_cmpuint(messages.size(), ==, 4);
        assert_bytes(messages[0].second, {9});
        assert_bytes(messages[1].second, {1, 2, 3});
        g_assert_true(messages[1].first == MessageType::CommandAmf0);
        assert_bytes(messages[2].second, {8});
        g_assert_cmpuint(messages[3].second.size(), ==, 0);
    }
}

void test_chunks_refused() {
    Bytes many;
    for (uint8_t id = 3; id < 3 + ChunkReader::kMaxStreams + 1; id++)
        append(many, Bytes{id, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0});
    const struct {
        const char *name;
        Bytes bytes;
    } rows[] = {
        {"chunk size 0", {2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0, 0}},
        {"chunk size of no bytes", {2, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0}},
        {"message of 16 MiB", {3, 0, 0, 0, 0xff, 0xff, 0xff, 20, 0, 0, 0, 0}},
        {"goes on with nothing", {0xc3}},
        {"a difference to nothing", {0x83, 0, 0, 1}},
        {"too many chunk streams", many},
    };
    for (const auto &row : rows) {
        g_test_message("%s", row.name);
        ChunkReader reader;
        bool sound = true;
        read(reader, row.bytes, 7, sound);
        g_assert_false(sound);
    }
}

/// The server's half of a conversation, as bytes.
class Server {
  public:
    Server() : greeting_(1 + 2 * 1536, 0) { greeting_[0] = 3; }
    const Bytes &greeting() const { return greeting_; }
    Bytes say(const char *name, double transaction, const char *code, const char *description = "", double id = -1) {
        Bytes body, out;
        Amf0Writer writer(body);
        writer.string(name);
        writer.number(transaction);
        writer.null();
        if (id >= 0)
            writer.number(id);
        if (code) {
            writer.begin_object();
            for (const auto &[key, value] : {std::pair{"level", name[0] == '_' && name[1] == 'r' ? "status" : "error"},
                                             {"code", code},
                                             {"description", description}}) {
                writer.key(key);
                writer.string(value);
            }
            writer.end();
        }
        chunks_.write(ChunkStream::Command, {MessageType::CommandAmf0, 0, 0}, {body}, out);
        return out;
    }
    Bytes control(MessageType type, const Bytes &payload) {
        Bytes out;
        chunks_.write(ChunkStream::Control, {type, 0, 0}, {payload}, out);
        return out;
    }

  private:
    Bytes greeting_;
    ChunkWriter chunks_;
};

Publisher make_publisher() {
    return Publisher({"rtmp://h/app", "app", "stream"}, 7);
}

size_t produced(Publisher &publisher) {
    Bytes out;
    publisher.produce(out);
    return out.size();
}

void go_live(Publisher &publisher, Server &server) {
    publisher.receive(server.greeting());
    g_assert_true(publisher.state() == Publisher::State::Connecting);
    publisher.receive(server.say("_result", 1, "NetConnection.Connect.Success"));
    g_assert_true(publisher.state() == Publisher::State::Creating);
    publisher.receive(server.say("_error", 2, "NetConnection.Call.Failed")); // releaseStream: never mind
    publisher.receive(server.say("_result", 4, nullptr, "", 1));
    g_assert_true(publisher.state() == Publisher::State::Publishing);
    publisher.receive(server.say("onStatus", 0, "NetStream.Publish.Start"));
    g_assert_true(publisher.state() == Publisher::State::Live);
}

void test_publisher() {
    Publisher publisher = make_publisher();
    Server server;
    g_assert_cmpuint(produced(publisher), ==, 1 + 1536);
    publisher.receive(ByteView(server.greeting()).first(1 + 1536));
    g_assert_cmpuint(produced(publisher), ==, 1536); // C2
    g_assert_true(publisher.state() == Publisher::State::Handshake);

    Publisher other = make_publisher();
    go_live(other, server);
    g_assert_cmpuint(produced(other), >, 2 * 1536);
    Bytes out;
    other.write_metadata(metadata_body({{{320, 180, 30}}, {{44'100, 2}}}), out);
    other.write_video(0, {avc_tag(PacketKind::Frame, true, -5)}, out);
    assert_bytes(ByteView(out).last(5), {0x17, 1, 0xff, 0xff, 0xfb});
    other.finish();
    g_assert_cmpuint(produced(other), >, 0);
    g_assert_true(other.state() == Publisher::State::Finished);
}

void test_publisher_acknowledgements() {
    Publisher publisher = make_publisher();
    Server server;
    go_live(publisher, server);
    produced(publisher);
    const auto acknowledge = [&](uint32_t count) {
        Bytes payload;
        append_u32(payload, count);
        publisher.receive(server.control(MessageType::Acknowledgement, payload));
    };
    acknowledge(0xffff'ffff);
    g_assert_cmpuint(publisher.acknowledged(), <, 8192); // never more than was sent
    const uint64_t before = publisher.acknowledged();
    Bytes out;
    publisher.write_video(0, {Bytes(4 << 20)}, out);
    acknowledge(1'000'000 - 1); // went round
    g_assert_cmpuint(publisher.acknowledged(), ==, before + 1'000'000);
    acknowledge(5); // counts anew
    g_assert_cmpuint(publisher.acknowledged(), ==, before + 1'000'000 + Publisher::kWindow);
    acknowledge(1005);
    g_assert_cmpuint(publisher.acknowledged(), ==, before + 1'001'000 + Publisher::kWindow);

    // Theirs: one answer for each window, one for any number of pings.
    Bytes window, ping = {0, 6, 1, 2, 3, 4};
    append_u32(window, 1000);
    publisher.receive(server.control(MessageType::WindowAckSize, window));
    produced(publisher);
    for (int i = 0; i < 40; i++)
        publisher.receive(server.control(MessageType::UserControl, ping));
    g_assert_cmpuint(produced(publisher), <, 40);
    g_assert_cmpuint(produced(publisher), ==, 0);
}

void test_publisher_refused() {
    const struct {
        const char *name;
        int stage; // 0 connect, 1 createStream, 2 publish, 3 live
        const char *command;
        double transaction;
        const char *code, *description;
        bool permanent;
        const char *text;
    } rows[] = {
        {"application", 0, "_error", 1, "NetConnection.Connect.InvalidApp", "", true,
         "the server refused the connection: NetConnection.Connect.InvalidApp"},
        {"createStream", 1, "_error", 4, "NetConnection.Call.Failed", "no", false,
         "the server makes no stream: NetConnection.Call.Failed: no"},
        {"publish by _error", 2, "_error", 5, "NetStream.Publish.Denied", "", true,
         "the server refused the stream: NetStream.Publish.Denied"},
        {"publish by onStatus", 2, "onStatus", 0, "NetStream.Publish.BadName", "Already publishing", false,
         "the server refused the stream: NetStream.Publish.BadName: Already publishing"},
        {"later", 3, "onStatus", 0, "NetStream.Failed", "", false, "the server ended the stream: NetStream.Failed"},
        {"without words", 0, "_error", 1, nullptr, "", false, "the server refused the connection"},
    };
    for (const auto &row : rows) {
        g_test_message("%s", row.name);
        Publisher publisher = make_publisher();
        Server server;
        publisher.receive(server.greeting());
        if (row.stage > 0)
            publisher.receive(server.say("_result", 1, "NetConnection.Connect.Success"));
        if (row.stage > 1)
            publisher.receive(server.say("_result", 4, nullptr, "", 1));
        if (row.stage > 2)
            publisher.receive(server.say("onStatus", 0, "NetStream.Publish.Start"));
        publisher.receive(server.say(row.command, row.transaction, row.code, row.description));
        g_assert_true(publisher.state() == Publisher::State::Failed);
        g_assert_cmpint(publisher.failure().permanent, ==, row.permanent);
        assert_text(publisher.failure().text, row.text);
        publisher.closed(); // the first reason stays
        assert_text(publisher.failure().text, row.text);
    }
}

void test_permanence() {
    const struct {
        const char *code, *description;
        bool permanent;
    } rows[] = {
        {"NetConnection.Connect.Rejected", "", true},
        {"NetConnection.Connect.Rejected", "Too many connections", false},
        {"NetConnection.Connect.InvalidApp", "", true},
        {"NetConnection.Connect.Failed", "", false},
        {"NetStream.Publish.Denied", "", true},
        {"NetStream.Publish.Denied", "stream already exists", false},
        {"NetStream.Publish.BadName", "", false},
        {"NetStream.Publish.BadName", "Stream key is INVALID", true},
        {"NetStream.Publish.BadName", "already in use by an unknown publisher", false},
        {"", "", false},
    };
    for (const auto &row : rows) {
        g_test_message("%s %s", row.code, row.description);
        g_assert_cmpint(is_permanent(row.code, row.description), ==, row.permanent);
    }
}

/// Against the formula worked out by other means: base64(md5(base64(md5(user salt password)) opaque nonce)).
void test_login() {
    constexpr char kAsk[] = "[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] : ";
    constexpr char kChallenge[] = "[ AccessManager.Reject ] : [ authmod=adobe ] : "
                                  "?reason=needauth&user=me&salt=c2FsdA==&challenge=Y2g=&opaque=b3A=";
    AdobeAuth auth("me", "pw", 0xabcd);
    g_assert_true(auth.answer("") == AdobeAuth::Answer::NotAsked);
    g_assert_true(auth.answer(kAsk) == AdobeAuth::Answer::Again);
    assert_text(auth.query(), "authmod=adobe&user=me");
    g_assert_true(auth.answer(kChallenge) == AdobeAuth::Answer::Again);
    assert_text(auth.query(), "authmod=adobe&user=me&challenge=0000abcd&response=6H2oeOEzJ9Ul56HGtOJLwQ==&opaque=b3A=");
    g_assert_true(auth.answer(kChallenge) == AdobeAuth::Answer::Denied); // once is enough
    g_assert_null(strstr(auth.denial().c_str(), "pw"));

    AdobeAuth nobody("", "", 1);
    g_assert_true(nobody.answer(kAsk) == AdobeAuth::Answer::Denied);
    AdobeAuth other("me", "pw", 1);
    g_assert_true(other.answer("[ authmod=llnw ]") == AdobeAuth::Answer::Denied);
}

void test_server_text() {
    assert_text(rostrum::for_people("no\r\n\x1b[31mway\xff!"), "no   [31mway\xef\xbf\xbd!");
    g_assert_cmpuint(rostrum::for_people(std::string(5000, 'x')).size(), ==, 303);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/rtmp/amf/written", test_amf_written);
    g_test_add_func("/rtmp/amf/read", test_amf_read);
    g_test_add_func("/rtmp/amf/malformed", test_amf_malformed);
    g_test_add_func("/rtmp/chunks/written", test_chunks_written);
    g_test_add_func("/rtmp/chunks/extended-timestamps", test_extended_timestamps);
    g_test_add_func("/rtmp/chunks/read", test_chunks_read);
    g_test_add_func("/rtmp/chunks/refused", test_chunks_refused);
    g_test_add_func("/rtmp/publisher/live", test_publisher);
    g_test_add_func("/rtmp/publisher/acknowledgements", test_publisher_acknowledgements);
    g_test_add_func("/rtmp/publisher/refused", test_publisher_refused);
    g_test_add_func("/rtmp/refusal/permanent", test_permanence);
    g_test_add_func("/rtmp/login", test_login);
    g_test_add_func("/rtmp/server-text", test_server_text);
    return g_test_run();
}
