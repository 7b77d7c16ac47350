// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "common/http_endpoint.h"
#include "common/listen_uri.h"

#include <json-glib/json-glib.h>
#include <libsoup/soup.h>

#include <map>
#include <vector>

using namespace rostrum;

namespace {

/// Runs on the endpoint's thread; the test looks at it only between requests.
class FakeHandler : public WebrtcHttpHandler {
  public:
    Result<std::string> create_session(const std::string &id, const std::string &offer) override {
        if (offer == "full")
            return Error{503, "full"};
        if (offer == "bad")
            return Error{400, "no a=ice-ufrag \xff"};
        sessions[id] = "first";
        return "v=0\r\n" + offer;
    }
    Result<std::string> patch_session(const std::string &id, const std::string &fragment) override {
        if (!sessions.count(id))
            return Error{404, "no such session"};
        if (fragment != "restart")
            return std::string();
        sessions[id] = "second";
        return std::string("a=ice-ufrag:second\r\n");
    }
    std::string ice_session(const std::string &id) override { return sessions.count(id) ? sessions[id] : ""; }
    bool delete_session(const std::string &id) override { return sessions.erase(id) > 0; }

    std::map<std::string, std::string> sessions; // id → ICE session
};

struct Response {
    unsigned status = 0;
    std::string body, content_type;
    std::map<std::string, std::string> headers; // lower case names
};

class Client {
  public:
    Client() { soup_session_set_timeout(session_, 10); }
    ~Client() { g_object_unref(session_); }

    Response send(const char *method, const std::string &uri, const char *type = nullptr, const std::string &body = "",
                  const char *if_match = nullptr) {
        g_autoptr(SoupMessage) message = soup_message_new(method, uri.c_str());
        if (if_match)
            soup_message_headers_replace(soup_message_get_request_headers(message), "If-Match", if_match);
        if (type) {
            g_autoptr(GBytes) bytes = g_bytes_new(body.data(), body.size());
            soup_message_set_request_body_from_bytes(message, type, bytes);
        }
        Response response;
        g_autoptr(GError) error = nullptr;
        g_autoptr(GBytes) bytes = soup_session_send_and_read(session_, message, nullptr, &error);
        if (!bytes)
            return response;
        response.status = soup_message_get_status(message);
        response.body.assign(static_cast<const char *>(g_bytes_get_data(bytes, nullptr)), g_bytes_get_size(bytes));
        SoupMessageHeaders *headers = soup_message_get_response_headers(message);
        if (const char *content_type = soup_message_headers_get_content_type(headers, nullptr))
            response.content_type = content_type;
        soup_message_headers_foreach(
            headers,
            [](const char *name, const char *value, gpointer map) {
                g_autofree char *lower = g_ascii_strdown(name, -1);
                (*static_cast<std::map<std::string, std::string> *>(map))[lower] = value;
            },
            &response.headers);
        return response;
    }

  private:
    SoupSession *session_ = soup_session_new();
};

struct Fixture {
    FakeHandler handler;
    std::unique_ptr<WebrtcHttpEndpoint> endpoint;
    std::string base; // "http://127.0.0.1:PORT"
    Client client;

    Fixture() {
        auto started = WebrtcHttpEndpoint::start("http://127.0.0.1:0/whep", handler);
        g_assert_true(started.ok());
        endpoint = std::move(started).value();
        base = endpoint->uri().substr(0, endpoint->uri().rfind('/'));
    }
};

void test_life_of_a_session() {
    Fixture f;
    const Response created = f.client.send("POST", f.base + "/whep", "application/sdp", "offer");
    g_assert_cmpuint(created.status, ==, 201);
    g_assert_cmpstr(created.content_type.c_str(), ==, "application/sdp");
    g_assert_cmpstr(created.body.c_str(), ==, "v=0\r\noffer");
    g_assert_cmpstr(created.headers.at("etag").c_str(), ==, "\"first\"");
    g_assert_cmpstr(created.headers.at("access-control-allow-origin").c_str(), ==, "*");
    const std::string location = created.headers.at("location");
    g_assert_cmpuint(location.size(), ==, strlen("/whep/") + 32);

    const char *fragment = "application/trickle-ice-sdpfrag";
    g_assert_cmpuint(f.client.send("GET", f.base + location).status, ==, 204);
    const Response trickled = f.client.send("PATCH", f.base + location, fragment, "a=candidate:1", "\"first\"");
    g_assert_cmpuint(trickled.status, ==, 204);
    g_assert_cmpuint(trickled.headers.count("etag"), ==, 0);
    const Response restarted = f.client.send("PATCH", f.base + location, fragment, "restart", "*");
    g_assert_cmpuint(restarted.status, ==, 200);
    g_assert_cmpstr(restarted.headers.at("etag").c_str(), ==, "\"second\"");
    g_assert_cmpstr(restarted.content_type.c_str(), ==, fragment);

    g_assert_cmpuint(f.client.send("DELETE", f.base + location, nullptr, "", "\"first\"").status, ==, 200);
    g_assert_cmpuint(f.client.send("DELETE", f.base + location).status, ==, 404);
    g_assert_cmpuint(f.client.send("GET", f.base + location).status, ==, 404);
    g_assert_cmpuint(f.client.send("PATCH", f.base + location, fragment, "x", "*").status, ==, 404);
    g_assert_true(f.handler.sessions.empty());
}

/// RFC 9725 §4.3.1: the entity tag is of the ICE session.
void test_if_match() {
    Fixture f;
    const Response created = f.client.send("POST", f.base + "/whep", "application/sdp", "offer");
    const std::string session = f.base + created.headers.at("location");
    const auto patch = [&](const char *body, const char *if_match) {
        return f.client.send("PATCH", session, "application/trickle-ice-sdpfrag", body, if_match).status;
    };
    g_assert_cmpuint(patch("a=candidate:1", "\"first\""), ==, 204);
    g_assert_cmpuint(patch("restart", "\"other\""), ==, 412);
    g_assert_cmpuint(patch("restart", "*"), ==, 200);
    g_assert_cmpuint(patch("restart", "\"first\""), ==, 412); // a candidate of before, late
    g_assert_cmpuint(patch("a=candidate:1", "\"second\""), ==, 204);
    g_assert_cmpuint(patch("a=candidate:1", nullptr), ==, 428);
    g_assert_cmpuint(patch("a=candidate:1", "\"first\", \"second\""), ==, 204);
    g_assert_cmpuint(patch("a=candidate:1", "W/\"second\""), ==, 412);
}

struct ErrorRow {
    const char *name, *method, *path, *type;
    std::string body;
    unsigned status;
    const char *header, *value;
};

void test_errors() {
    const std::vector<ErrorRow> rows{
        {"full", "POST", "/whep", "application/sdp", "full", 503, "retry-after", "5"},
        {"bad offer", "POST", "/whep", "application/sdp", "bad", 400, nullptr, nullptr},
        {"wrong type", "POST", "/whep", "application/json", "{}", 415, nullptr, nullptr},
        {"no type", "POST", "/whep", nullptr, "", 415, nullptr, nullptr},
        {"too large", "POST", "/whep", "application/sdp", std::string(70000, 'a'), 413, nullptr, nullptr},
        {"wrong method", "PUT", "/whep", nullptr, "", 405, "allow", "GET, HEAD, OPTIONS, POST"},
        {"wrong method on a session", "POST", "/whep/x", nullptr, "", 405, "allow",
         "DELETE, GET, HEAD, OPTIONS, PATCH"},
        {"elsewhere", "POST", "/other", "application/sdp", "", 404, nullptr, nullptr},
        {"not UTF-8", "GET", "/%ff%fe", nullptr, "", 404, nullptr, nullptr},
        {"prefix only", "POST", "/wheppy", "application/sdp", "", 404, nullptr, nullptr},
    };
    Fixture f;
    for (const ErrorRow &row : rows) {
        g_test_message("%s", row.name);
        const Response response = f.client.send(row.method, f.base + row.path, row.type, row.body);
        g_assert_cmpuint(response.status, ==, row.status);
        g_assert_cmpstr(response.content_type.c_str(), ==, "application/json");
        g_autoptr(JsonNode) node = json_from_string(response.body.c_str(), nullptr);
        g_assert_nonnull(node);
        JsonObject *object = json_node_get_object(node);
        g_assert_cmpint(json_object_get_int_member(object, "code"), ==, row.status);
        g_assert_true(*json_object_get_string_member(object, "message"));
        g_assert_cmpuint(strlen(json_object_get_string_member(object, "requestId")), ==, 32);
        if (row.header)
            g_assert_cmpstr(response.headers.at(row.header).c_str(), ==, row.value);
    }
    g_assert_true(f.handler.sessions.empty());
}

void test_preflight() {
    Fixture f;
    const Response response = f.client.send("OPTIONS", f.base + "/whep");
    g_assert_cmpuint(response.status, ==, 200);
    g_assert_cmpstr(response.headers.at("accept-post").c_str(), ==, "application/sdp");
    g_assert_nonnull(strstr(response.headers.at("access-control-allow-methods").c_str(), "POST"));
    const Response session = f.client.send("OPTIONS", f.base + "/whep/x");
    g_assert_cmpuint(session.status, ==, 200);
    g_assert_cmpstr(session.headers.at("accept-patch").c_str(), ==, "application/trickle-ice-sdpfrag");
    g_assert_nonnull(strstr(session.headers.at("access-control-allow-methods").c_str(), "PATCH"));
}

/// WHEP draft: players know an endpoint by the type that it answers a HEAD with.
void test_discovery() {
    Fixture f;
    for (const char *method : {"GET", "HEAD"}) {
        const Response response = f.client.send(method, f.base + "/whep");
        g_assert_cmpuint(response.status, ==, 200);
        g_assert_cmpstr(response.content_type.c_str(), ==, "application/sdp");
        g_assert_cmpuint(response.body.size(), ==, 0);
    }
}

/// A body in chunks that never ends is cut off at the limit.
void test_endless_chunks() {
    Fixture f;
    g_autoptr(GUri) uri = g_uri_parse(f.base.c_str(), G_URI_FLAGS_NONE, nullptr);
    g_autoptr(GSocketClient) client = g_socket_client_new();
    g_autoptr(GSocketConnection) connection = g_socket_client_connect_to_host(
        client, "127.0.0.1", static_cast<guint16>(g_uri_get_port(uri)), nullptr, nullptr);
    g_assert_nonnull(connection);
    g_socket_set_timeout(g_socket_connection_get_socket(connection), 10);
    const std::string head = "POST /whep HTTP/1.1\r\nHost: x\r\nContent-Type: application/sdp\r\n"
                             "Transfer-Encoding: chunked\r\n\r\n";
    const std::string chunk = "1000\r\n" + std::string(4096, 'a') + "\r\n";
    GOutputStream *out = g_io_stream_get_output_stream(G_IO_STREAM(connection));
    bool cut = !g_output_stream_write_all(out, head.data(), head.size(), nullptr, nullptr, nullptr);
    for (int i = 0; i < 10000 && !cut; ++i)
        cut = !g_output_stream_write_all(out, chunk.data(), chunk.size(), nullptr, nullptr, nullptr);
    g_assert_true(cut);
    g_assert_true(f.handler.sessions.empty());
}

void test_refused_listen() {
    FakeHandler handler;
    for (const char *listen : {"", "whep", "https://127.0.0.1/x", "http://example.org/x", "http://127.0.0.1:99999/"}) {
        const auto endpoint = WebrtcHttpEndpoint::start(listen, handler);
        g_assert_false(endpoint.ok());
        g_assert_cmpint(endpoint.error().code, ==, 400);
    }
    Fixture f;
    const auto taken = WebrtcHttpEndpoint::start(f.endpoint->uri(), handler);
    g_assert_false(taken.ok());
    g_assert_cmpint(taken.error().code, ==, 500);
}

void test_listen_uri() {
    g_assert_true(parse_listen_uri("http://localhost:80/a/").value().to_string() == "http://127.0.0.1:80/a");
    g_assert_true(parse_listen_uri("http://[::1]:8080").value().to_string() == "http://[::1]:8080/");
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/http-endpoint/life-of-a-session", test_life_of_a_session);
    g_test_add_func("/http-endpoint/if-match", test_if_match);
    g_test_add_func("/http-endpoint/errors", test_errors);
    g_test_add_func("/http-endpoint/preflight", test_preflight);
    g_test_add_func("/http-endpoint/discovery", test_discovery);
    g_test_add_func("/http-endpoint/endless-chunks", test_endless_chunks);
    g_test_add_func("/http-endpoint/refused-listen", test_refused_listen);
    g_test_add_func("/http-endpoint/listen-uri", test_listen_uri);
    return g_test_run();
}
