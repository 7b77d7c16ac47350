// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The publishing side of one RTMP connection (RTMP 1.0, 5.2, 7.2): bytes in, bytes out, no socket and no clock.

#pragma once

#include "rtmpegress/rtmp/chunk_reader.h"
#include "rtmpegress/rtmp/chunk_writer.h"

#include <optional>
#include <string>

namespace rostrum::rtmp {

struct Amf0Value;

/// Names as the server gets them; `stream` and the queries of the others are secrets.
struct PublishNames {
    std::string tc_url, application, stream;
};

/// Why it is over, in the server's words where it said some, not yet masked or checked for UTF-8.
struct PublishFailure {
    bool permanent = false;
    std::string text;
    std::string connect_description; // of a refused `connect`: a login stands in it
};

/// Whatever the server sends: what is held and what is answered stay bounded. Reentrant.
class Publisher {
  public:
    enum class State { Handshake, Connecting, Creating, Publishing, Live, Finished, Failed };

    static constexpr size_t kChunkSize = 4096;     // the default of 128 costs a header each 128 bytes
    static constexpr uint32_t kWindow = 128 << 10; // how often we want acknowledgements: each half second of 2 Mbit/s

    /// `seed`: random. The first bytes to send are there at once.
    Publisher(PublishNames names, uint32_t seed);

    void receive(ByteView bytes);
    /// The connection ended.
    void closed();
    /// Appends what must be sent now to `out`.
    void produce(Bytes &out);

    State state() const { return state_; }
    const PublishFailure &failure() const { return failure_; } // only when Failed

    /// Only when Live: one message each, to `out`.
    void write_metadata(ByteView body, Bytes &out);
    void write_video(uint32_t timestamp_ms, std::initializer_list<ByteView> parts, Bytes &out);
    void write_audio(uint32_t timestamp_ms, std::initializer_list<ByteView> parts, Bytes &out);
    /// Unpublishes; produce() then gives the server's goodbye.
    void finish();

    /// Bytes that the server said it has received; never more than were written.
    uint64_t acknowledged() const { return acknowledged_; }

  private:
    void receive_handshake(ByteView &bytes);
    void on_message(MessageType type, ByteView payload);
    void on_acknowledgement(uint32_t sequence);
    void on_user_control(ByteView payload);
    void on_command(ByteView payload);
    void on_result(double transaction, const std::vector<Amf0Value> &values);
    void on_error(double transaction, const Amf0Value &info);
    void on_status(const Amf0Value &info);
    void fail(std::string text, bool permanent = false);
    void refuse(const char *what, const Amf0Value &info);

    void connect();
    void create_stream();
    void publish(double stream_id);
    void write_control(MessageType type, ByteView payload);
    void write_command(uint32_t stream_id, ByteView body);
    void write_media(ChunkStream stream, const MessageHeader &header, std::initializer_list<ByteView> parts,
                     Bytes &out);

    const PublishNames names_;
    State state_ = State::Handshake;
    PublishFailure failure_;
    Bytes greeting_; // S0, S1 and S2 as far as they came
    bool answered_greeting_ = false;
    ChunkReader reader_;
    ChunkWriter writer_;
    Bytes commands_; // to send; each is sent once, so there are few
    uint32_t stream_id_ = 0;

    uint64_t written_ = 0;
    uint64_t received_ = 0, receipt_sent_ = 0;
    uint32_t their_window_ = 0;    // 0: they want no acknowledgements
    bool window_asked_ = false;    // Set Peer Bandwidth came
    std::optional<uint32_t> pong_; // of a flood of pings only the newest is answered

    uint32_t last_sequence_ = 0; // of their acknowledgements, modulo 2^32
    uint64_t acknowledged_ = 0;
};

} // namespace rostrum::rtmp
