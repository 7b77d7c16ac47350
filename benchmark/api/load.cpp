// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// api_load PORT CONNECTIONS SECONDS RATE: sends the requests of standard input, one a line as `METHOD PATH [BODY]`, in
// random order over connections that stay open, with the token in ROSTRUM_TOKEN. RATE is in requests/s, whoever is
// slow; 0: the next one as soon as a connection has its reply. Prints one line of JSON: what was answered, and the
// times from when a request was due to the end of its reply.

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <netinet/tcp.h>
#include <poll.h>
#include <random>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

struct Connection {
    int fd = -1;
    bool busy = false;
    Clock::time_point due;
    std::string reply;
};

[[noreturn]] void fail(const char *what) {
    std::perror(what);
    std::exit(1);
}

int connect_to(uint16_t port) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, reinterpret_cast<sockaddr *>(&address), sizeof address) != 0)
        fail("connect");
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

std::vector<std::string> read_requests() {
    const char *token = std::getenv("ROSTRUM_TOKEN");
    std::vector<std::string> requests;
    for (std::string line; std::getline(std::cin, line);) {
        const size_t path = line.find(' ') + 1, body = line.find(' ', path);
        const std::string content = body == line.npos ? "" : line.substr(body + 1);
        std::string text =
            line.substr(0, body) + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: " + (token ? token : "");
        if (!content.empty())
            text += "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(content.size());
        requests.push_back(text + "\r\n\r\n" + content);
    }
    return requests;
}

/// 0 while the reply is not whole.
int status_of(const std::string &reply) {
    const size_t end = reply.find("\r\n\r\n"), length = reply.find("Content-Length: ");
    if (end == reply.npos)
        return 0;
    size_t size = 0;
    if (length < end)
        std::from_chars(&reply[length + 16], &reply[end], size);
    return reply.size() < end + 4 + size ? 0 : std::atoi(reply.c_str() + 9);
}

class Load {
  public:
    Load(uint16_t port, size_t connections, double seconds, double rate)
        : requests_(read_requests()), seconds_(seconds), rate_(rate), connections_(connections) {
        for (auto &connection : connections_) {
            connection.fd = connect_to(port);
            polled_.push_back({connection.fd, POLLIN, 0});
        }
    }

    void run() {
        start_ = Clock::now();
        while (elapsed() < seconds_ || busy_ > 0) {
            begin_what_is_due();
            const timespec wait = {0, rate_ > 0 ? 200'000 : 100'000'000};
            if (ppoll(polled_.data(), polled_.size(), &wait, nullptr) > 0)
                for (size_t i = 0; i < polled_.size(); ++i)
                    if (polled_[i].revents)
                        read_reply(connections_[i]);
            if (elapsed() > seconds_ + 10)
                break;
        }
        took_ = elapsed();
    }

    void report() {
        std::sort(times_.begin(), times_.end());
        const auto at = [&](double part) {
            return times_.empty() ? 0
                                  : times_[std::min(times_.size() - 1,
                                                    static_cast<size_t>(part * static_cast<double>(times_.size())))] *
                                        1e3;
        };
        std::printf(
            "{\"replies\": %zu, \"refused\": %zu, \"perSecond\": %.0f, \"p50\": %.3f, \"p95\": %.3f, \"p99\": %.3f, "
            "\"max\": %.3f}\n",
            times_.size(), refused_, static_cast<double>(times_.size()) / took_, at(0.5), at(0.95), at(0.99), at(1));
    }

  private:
    double elapsed() const { return Seconds(Clock::now() - start_).count(); }

    void begin_what_is_due() {
        if (elapsed() >= seconds_)
            return;
        for (auto &connection : connections_) {
            if (connection.busy)
                continue;
            auto due = Clock::now();
            if (rate_ > 0) {
                const auto planned =
                    start_ + std::chrono::duration_cast<Clock::duration>(Seconds(static_cast<double>(begun_) / rate_));
                if (planned > due)
                    return;
                due = planned;
            }
            const std::string &request = requests_[random_() % requests_.size()];
            if (write(connection.fd, request.data(), request.size()) != static_cast<ssize_t>(request.size()))
                fail("write");
            connection.busy = true;
            connection.due = due;
            connection.reply.clear();
            ++begun_;
            ++busy_;
        }
    }

    void read_reply(Connection &connection) {
        char bytes[65536];
        const ssize_t size = read(connection.fd, bytes, sizeof bytes);
        if (size <= 0)
            fail("the server closed a connection");
        connection.reply.append(bytes, static_cast<size_t>(size));
        const int status = status_of(connection.reply);
        if (status == 0)
            return;
        times_.push_back(Seconds(Clock::now() - connection.due).count());
        refused_ += status > 299;
        connection.busy = false;
        --busy_;
    }

    const std::vector<std::string> requests_;
    const double seconds_, rate_;
    std::vector<Connection> connections_;
    std::vector<pollfd> polled_;
    std::minstd_rand random_{7};
    Clock::time_point start_;
    size_t begun_ = 0, busy_ = 0, refused_ = 0;
    double took_ = 0;
    std::vector<double> times_; // seconds
};

} // namespace

int main(int argc, char **argv) {
    if (argc != 5) {
        std::fprintf(stderr, "api_load PORT CONNECTIONS SECONDS RATE\n");
        return 2;
    }
    Load load(static_cast<uint16_t>(std::atoi(argv[1])), static_cast<size_t>(std::atoi(argv[2])), std::atof(argv[3]),
              std::atof(argv[4]));
    load.run();
    load.report();
}
