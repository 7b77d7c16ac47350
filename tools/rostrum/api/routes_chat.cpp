// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/api.h"
#include "tools/rostrum/api/chat_csv.h"
#include "tools/rostrum/api/outputs_common.h"

#include "tools/rostrum/base/ids.h"

namespace rostrum {
namespace {

constexpr int64_t kRowsAtOnce = 100;

/// Writes a page as soon as the client has taken the one before. Lives as long as the message.
class ChatStream : public std::enable_shared_from_this<ChatStream> {
  public:
    ChatStream(SoupServerMessage *message, ChatStore &store, std::string session)
        : message_(message), store_(store), session_(std::move(session)) {}

    void attach() {
        for (const char *signal : {"wrote-headers", "wrote-chunk"})
            g_signal_connect_data(
                message_, signal,
                G_CALLBACK(+[](SoupServerMessage *, gpointer keep) { (*static_cast<Keep *>(keep))->next(); }),
                new Keep(shared_from_this()), [](gpointer keep, GClosure *) { delete static_cast<Keep *>(keep); },
                static_cast<GConnectFlags>(0));
    }

  private:
    using Keep = std::shared_ptr<ChatStream>;

    void next() {
        try {
            append();
        } catch (const DatabaseError &error) {
            g_warning("a chat is not sent to its end: %s", error.what());
            break_off(message_);
        }
    }

    void append() {
        SoupMessageBody *body = soup_server_message_get_response_body(message_);
        const auto messages = store_.page(session_, last_, kRowsAtOnce);
        std::string text = std::exchange(begun_, true) ? "" : csv_header();
        for (const auto &message : messages)
            text += csv_row(message);
        if (text.empty())
            soup_message_body_complete(body);
        else
            soup_message_body_append(body, SOUP_MEMORY_COPY, text.data(), text.size());
        if (!messages.empty())
            last_ = messages.back().number;
        soup_server_message_unpause(message_);
    }

    SoupServerMessage *const message_;
    ChatStore &store_;
    const std::string session_;
    int64_t last_ = 0;
    bool begun_ = false;
};

void send_chat(Api &api, const ExchangePtr &exchange) {
    const std::string id = exchange->param("sessionId");
    if (exchange->query("signature").empty()) {
        const Claims &claims = api.claims(*exchange);
        demand(check_moderate(claims, api.session(id).room_id)); // what was for some only is in it as well
    } else {
        demand_signature(api, *exchange, chat_path(id));
    }
    const SessionRecord session = api.session(id);
    exchange->set_header("Cache-Control", "private, no-store");
    exchange->set_header("X-Content-Type-Options", "nosniff");
    exchange->set_header("Content-Disposition", "attachment; filename=\"chat-" + session.id + ".csv\"");
    SoupServerMessage *message =
        exchange->reply_in_pieces(200, "text/csv; charset=utf-8; header=present", std::nullopt);
    if (message && exchange->method() != "HEAD")
        std::make_shared<ChatStream>(message, api.store.chat, session.id)->attach();
}

} // namespace

std::string chat_path(const std::string &session_id) {
    return "/v2/sessions/" + session_id + "/chat.csv";
}

void add_chat_routes(Router &router, Api &api) {
    router.add("GET", "/v2/sessions/{sessionId}/chat.csv", api.handler(send_chat));
}

} // namespace rostrum
