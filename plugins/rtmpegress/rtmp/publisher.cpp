// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "rtmpegress/rtmp/publisher.h"

#include "rtmpegress/rtmp/amf0.h"
#include "rtmpegress/rtmp/refusal.h"

#include <algorithm>

namespace rostrum::rtmp {

using peerwire::load_be16;
using peerwire::load_be32;

namespace {

constexpr uint8_t kVersion = 3;                                     // RTMP 1.0, 5.2.2
constexpr size_t kHandshake = 1536;                                 // C1, S1, C2 and S2
constexpr char kFlashVersion[] = "FMLE/3.0 (compatible; FMSc/1.0)"; // servers treat this one as a publisher

// Transactions, in the order in which they are asked for.
constexpr double kConnect = 1, kReleaseStream = 2, kFcPublish = 3, kCreateStream = 4, kPublish = 5, kUnpublish = 6,
                 kDeleteStream = 7;

// User Control Message events: RTMP 1.0, 7.1.7
constexpr uint16_t kPingRequest = 6, kPingResponse = 7;

Bytes random_bytes(size_t size, uint32_t seed) {
    Bytes bytes(size);
    uint32_t x = seed | 1;
    for (uint8_t &byte : bytes) { // xorshift32: it only has to differ between connections
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        byte = static_cast<uint8_t>(x);
    }
    return bytes;
}

bool has_level_error(const Amf0Value &info) {
    return info.text_of("level") == "error";
}

} // namespace

Publisher::Publisher(PublishNames names, uint32_t seed) : names_(std::move(names)) {
    commands_.push_back(kVersion);
    append_u64(commands_, 0); // our time, and the zero that says: no digest
    append(commands_, random_bytes(kHandshake - 8, seed));
}

void Publisher::fail(std::string text, bool permanent) {
    if (state_ == State::Failed || state_ == State::Finished)
        return;
    state_ = State::Failed;
    failure_.permanent = permanent;
    failure_.text = std::move(text);
}

void Publisher::refuse(const char *what, const Amf0Value &info) {
    const std::string code(info.text_of("code")), description(info.text_of("description"));
    std::string text = what;
    for (const std::string &said : {code, description})
        if (!said.empty())
            text += ": " + said;
    fail(std::move(text), is_permanent(code, description));
}

void Publisher::closed() {
    switch (state_) {
    case State::Publishing:
        fail("the server closed the connection when it was given the stream key");
        break;
    case State::Connecting:
    case State::Creating:
        fail("the server closed the connection when it was told the application");
        break;
    default:
        fail("the server closed the connection");
        break;
    }
}

void Publisher::receive(ByteView bytes) {
    received_ += bytes.size();
    if (state_ == State::Handshake)
        receive_handshake(bytes);
    if (state_ == State::Handshake || state_ == State::Failed)
        return;
    const bool sound = reader_.feed(bytes, [this](MessageType type, ByteView payload) {
        if (state_ != State::Failed)
            on_message(type, payload);
    });
    if (!sound)
        fail("the server does not keep to RTMP");
}

void Publisher::receive_handshake(ByteView &bytes) {
    constexpr size_t kAll = 1 + 2 * kHandshake;
    const size_t now = std::min(bytes.size(), kAll - greeting_.size());
    append(greeting_, bytes.first(now));
    bytes = bytes.subspan(now);
    if (!greeting_.empty() && greeting_[0] != kVersion)
        return fail("the server does not speak RTMP");
    if (greeting_.size() >= 1 + kHandshake && !answered_greeting_) {
        answered_greeting_ = true;
        append(commands_, ByteView(greeting_).subspan(1, kHandshake)); // C2 is S1
    }
    if (greeting_.size() < kAll)
        return;
    greeting_ = {};
    state_ = State::Connecting;
    connect();
}

void Publisher::on_message(MessageType type, ByteView payload) {
    const uint32_t value = payload.size() >= 4 ? load_be32(payload.data()) : 0;
    switch (type) {
    case MessageType::Acknowledgement:
        if (payload.size() >= 4)
            on_acknowledgement(value);
        break;
    case MessageType::WindowAckSize:
        their_window_ = value;
        break;
    case MessageType::SetPeerBandwidth:
        window_asked_ = true;
        break;
    case MessageType::UserControl:
        on_user_control(payload);
        break;
    case MessageType::CommandAmf3: // AMF0 behind a byte that says so
        on_command(payload.subspan(std::min<size_t>(1, payload.size())));
        break;
    case MessageType::CommandAmf0:
        on_command(payload);
        break;
    default:
        break;
    }
}

/// Counts go round at 2^32, and some servers begin anew somewhere below (nginx at 0xf0000000): a step that cannot be
/// counts as one window.
void Publisher::on_acknowledgement(uint32_t sequence) {
    const uint32_t step = sequence - last_sequence_;
    last_sequence_ = sequence;
    const uint64_t possible = written_ - acknowledged_;
    acknowledged_ += step <= possible ? step : std::min<uint64_t>(kWindow, possible);
}

void Publisher::on_user_control(ByteView payload) {
    if (payload.size() >= 6 && load_be16(payload.data()) == kPingRequest)
        pong_ = load_be32(&payload[2]);
}

void Publisher::on_command(ByteView payload) {
    const std::vector<Amf0Value> values = parse_amf0(payload);
    if (values.size() < 2)
        return;
    const std::string &name = values[0].text;
    const auto info = std::find_if(values.begin() + 2, values.end(),
                                   [](const Amf0Value &value) { return value.find("code") != nullptr; });
    if (name == "_result")
        on_result(values[1].number, values);
    else if (name == "_error")
        on_error(values[1].number, info == values.end() ? Amf0Value() : *info);
    else if (name == "onStatus" && info != values.end())
        on_status(*info);
    else if (name == "close")
        fail("the server closed the connection");
}

void Publisher::on_result(double transaction, const std::vector<Amf0Value> &values) {
    if (transaction == kConnect && state_ == State::Connecting) {
        create_stream();
    } else if (transaction == kCreateStream && state_ == State::Creating) {
        const Amf0Value *id = values.size() > 3 ? &values[3] : nullptr;
        if (!id || id->type != Amf0Value::Type::Number || !(id->number >= 0 && id->number <= UINT32_MAX))
            return fail("the server does not keep to RTMP");
        publish(id->number);
    }
}

void Publisher::on_error(double transaction, const Amf0Value &info) {
    if (transaction == kConnect && state_ == State::Connecting) {
        failure_.connect_description = info.text_of("description");
        refuse("the server refused the connection", info);
    } else if (transaction == kCreateStream && state_ == State::Creating) {
        refuse("the server makes no stream", info);
    } else if (transaction == kPublish && state_ == State::Publishing) {
        refuse("the server refused the stream", info);
    } // releaseStream and FCPublish are courtesies: servers may not know them
}

void Publisher::on_status(const Amf0Value &info) {
    if (info.text_of("code") == "NetStream.Publish.Start" && state_ == State::Publishing)
        state_ = State::Live;
    else if (has_level_error(info))
        refuse(state_ == State::Live ? "the server ended the stream" : "the server refused the stream", info);
    else if (info.text_of("code") == "NetConnection.Connect.Closed")
        refuse("the server closed the connection", info);
}

void Publisher::connect() {
    Bytes body;
    Amf0Writer out(body);
    out.string("connect");
    out.number(kConnect);
    out.begin_object();
    const std::pair<const char *, std::string_view> fields[] = {{"app", names_.application},
                                                                {"type", "nonprivate"},
                                                                {"flashVer", kFlashVersion},
                                                                {"swfUrl", names_.tc_url},
                                                                {"tcUrl", names_.tc_url}};
    for (const auto &[key, value] : fields) {
        out.key(key);
        out.string(value);
    }
    out.end();
    write_command(0, body);
}

void Publisher::create_stream() {
    state_ = State::Creating;
    Bytes size;
    append_u32(size, kChunkSize);
    write_control(MessageType::SetChunkSize, size);
    writer_.set_chunk_size(kChunkSize);
    Bytes window;
    append_u32(window, kWindow);
    write_control(MessageType::WindowAckSize, window);
    const std::pair<const char *, double> courtesies[] = {{"releaseStream", kReleaseStream}, {"FCPublish", kFcPublish}};
    for (const auto &[name, transaction] : courtesies) {
        Bytes body;
        Amf0Writer out(body);
        out.string(name);
        out.number(transaction);
        out.null();
        out.string(names_.stream);
        write_command(0, body);
    }
    Bytes body;
    Amf0Writer out(body);
    out.string("createStream");
    out.number(kCreateStream);
    out.null();
    write_command(0, body);
}

void Publisher::publish(double stream_id) {
    state_ = State::Publishing;
    stream_id_ = static_cast<uint32_t>(stream_id);
    Bytes body;
    Amf0Writer out(body);
    out.string("publish");
    out.number(kPublish);
    out.null();
    out.string(names_.stream);
    out.string("live");
    write_command(stream_id_, body);
}

void Publisher::finish() {
    if (state_ != State::Live)
        return;
    state_ = State::Finished;
    Bytes unpublish;
    Amf0Writer first(unpublish);
    first.string("FCUnpublish");
    first.number(kUnpublish);
    first.null();
    first.string(names_.stream);
    write_command(0, unpublish);
    Bytes remove;
    Amf0Writer second(remove);
    second.string("deleteStream");
    second.number(kDeleteStream);
    second.null();
    second.number(stream_id_);
    write_command(0, remove);
}

void Publisher::write_control(MessageType type, ByteView payload) {
    writer_.write(ChunkStream::Control, {type, 0, 0}, {payload}, commands_);
}

void Publisher::write_command(uint32_t stream_id, ByteView body) {
    writer_.write(ChunkStream::Command, {MessageType::CommandAmf0, stream_id, 0}, {body}, commands_);
}

void Publisher::produce(Bytes &out) {
    if (their_window_ > 0 && received_ - receipt_sent_ >= their_window_ && state_ != State::Handshake) {
        receipt_sent_ = received_;
        Bytes count;
        append_u32(count, static_cast<uint32_t>(received_));
        write_control(MessageType::Acknowledgement, count);
    }
    if (window_asked_) {
        window_asked_ = false;
        Bytes window;
        append_u32(window, kWindow);
        write_control(MessageType::WindowAckSize, window);
    }
    if (pong_) {
        Bytes pong;
        append_u16(pong, kPingResponse);
        append_u32(pong, *pong_);
        pong_.reset();
        write_control(MessageType::UserControl, pong);
    }
    append(out, commands_);
    written_ += commands_.size();
    commands_.clear();
}

void Publisher::write_media(ChunkStream stream, const MessageHeader &header, std::initializer_list<ByteView> parts,
                            Bytes &out) {
    const size_t before = out.size();
    writer_.write(stream, header, parts, out);
    written_ += out.size() - before;
}

void Publisher::write_metadata(ByteView body, Bytes &out) {
    write_media(ChunkStream::Data, {MessageType::DataAmf0, stream_id_, 0}, {body}, out);
}

void Publisher::write_video(uint32_t timestamp_ms, std::initializer_list<ByteView> parts, Bytes &out) {
    write_media(ChunkStream::Video, {MessageType::Video, stream_id_, timestamp_ms}, parts, out);
}

void Publisher::write_audio(uint32_t timestamp_ms, std::initializer_list<ByteView> parts, Bytes &out) {
    write_media(ChunkStream::Audio, {MessageType::Audio, stream_id_, timestamp_ms}, parts, out);
}

} // namespace rostrum::rtmp
