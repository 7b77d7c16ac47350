// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "webhooks/resolver.h"

#include <algorithm>
#include <netdb.h>
#include <netinet/in.h>

namespace rostrum {

namespace {

constexpr gint kQuickThreads = 8, kSlowThreads = 4;
constexpr gint64 kSlowUs = 2'000'000; // a healthy name server answers within this
constexpr size_t kMaxQuickHosts = 16384;
constexpr size_t kMaxAddresses = 16; // of one name

GObjectPtr<GInetAddress> address_of(const addrinfo &info) {
    if (info.ai_family == AF_INET) {
        const auto *v4 = reinterpret_cast<const sockaddr_in *>(info.ai_addr);
        return GObjectPtr<GInetAddress>(
            g_inet_address_new_from_bytes(reinterpret_cast<const guint8 *>(&v4->sin_addr), G_SOCKET_FAMILY_IPV4));
    }
    const auto *v6 = reinterpret_cast<const sockaddr_in6 *>(info.ai_addr);
    return GObjectPtr<GInetAddress>(g_inet_address_new_from_bytes(v6->sin6_addr.s6_addr, G_SOCKET_FAMILY_IPV6));
}

Resolver::Lookup look_up(const std::string &host) {
    Resolver::Lookup lookup;
    addrinfo hints{}, *list = nullptr;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG;
    g_autofree gchar *ascii = g_hostname_to_ascii(host.c_str());
    const int code = ascii ? getaddrinfo(ascii, nullptr, &hints, &list) : EAI_NONAME;
    if (code != 0) {
        lookup.error = "the host's name has no address: " + std::string(gai_strerror(code));
        return lookup;
    }
    for (const addrinfo *each = list; each && lookup.addresses.size() < kMaxAddresses; each = each->ai_next)
        if (each->ai_family == AF_INET || each->ai_family == AF_INET6)
            lookup.addresses.push_back(address_of(*each));
    freeaddrinfo(list);
    if (lookup.addresses.empty())
        lookup.error = "the host's name has no address";
    return lookup;
}

} // namespace

struct Resolver::Job {
    std::weak_ptr<Resolver> resolver;
    GMainContext *context;
    std::string host;
    Lookup lookup;
    gint64 took_us = 0;

    Job(std::weak_ptr<Resolver> owner, GMainContext *main, std::string name)
        : resolver(std::move(owner)), context(g_main_context_ref(main)), host(std::move(name)) {}
    ~Job() { g_main_context_unref(context); }
    Job(const Job &) = delete;
    Job &operator=(const Job &) = delete;
};

std::shared_ptr<Resolver> Resolver::create(GMainContext *context) {
    return std::shared_ptr<Resolver>(new Resolver(context));
}

Resolver::Resolver(GMainContext *context)
    : context_(g_main_context_ref(context ? context : g_main_context_default())), quick_(new_pool(kQuickThreads)),
      slow_(new_pool(kSlowThreads)) {}

GThreadPool *Resolver::new_pool(int threads) {
    return g_thread_pool_new_full(
        work, nullptr, [](gpointer job) { delete static_cast<Job *>(job); }, threads, FALSE, nullptr);
}

/// A thread that waits for a name server ends by itself; its result finds nobody.
Resolver::~Resolver() {
    g_thread_pool_free(quick_, TRUE, FALSE);
    g_thread_pool_free(slow_, TRUE, FALSE);
    g_main_context_unref(context_);
}

Resolver::Ticket Resolver::resolve(const std::string &host, Done done) {
    auto &waiting = waiting_[host];
    waiting.emplace_back(++last_ticket_, std::move(done));
    if (waiting.size() == 1)
        g_thread_pool_push(quick_hosts_.contains(host) || g_hostname_is_ip_address(host.c_str()) ? quick_ : slow_,
                           new Job(weak_from_this(), context_, host), nullptr);
    return last_ticket_;
}

void Resolver::forget(Ticket ticket) {
    for (auto &[host, waiting] : waiting_)
        for (auto &[number, done] : waiting)
            if (number == ticket)
                done = nullptr; // the place stays: the look-up is under way
}

void Resolver::work(gpointer data, gpointer) {
    auto *job = static_cast<Job *>(data);
    const gint64 begun_us = g_get_monotonic_time();
    job->lookup = look_up(job->host);
    job->took_us = g_get_monotonic_time() - begun_us;
    GSource *source = g_idle_source_new();
    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    g_source_set_callback(
        source,
        [](gpointer finished) -> gboolean {
            const auto *each = static_cast<Job *>(finished);
            if (const auto resolver = each->resolver.lock())
                resolver->finish(*each);
            return G_SOURCE_REMOVE;
        },
        job, [](gpointer finished) { delete static_cast<Job *>(finished); });
    GMainContext *context = g_main_context_ref(job->context); // the source may be done before attaching returns
    g_source_attach(source, context);
    g_source_unref(source);
    g_main_context_unref(context);
}

void Resolver::finish(const Job &job) {
    if (job.took_us >= kSlowUs) {
        quick_hosts_.erase(job.host);
    } else if (quick_hosts_.insert(job.host).second && quick_hosts_.size() > kMaxQuickHosts) {
        const auto any = quick_hosts_.begin();
        quick_hosts_.erase(*any == job.host ? std::next(any) : any);
    }
    auto node = waiting_.extract(job.host);
    if (node.empty())
        return;
    for (const auto &[ticket, done] : node.mapped())
        if (done)
            done(job.lookup);
}

} // namespace rostrum
