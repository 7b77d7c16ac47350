// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What can be configured.

#include "tools/rostrum/base/config.h"

#include <iterator>

namespace rostrum {
namespace {

constexpr ConfigKey kKeys[] = {
    {"config", KeyKind::Path, "", false, "a rostrum.conf to read"},
    {"state", KeyKind::Path, "", false, "directory of the database, recordings, generated keys and a rostrum.conf"},
    {"runtime", KeyKind::Path, "", false, "directory of the sessions' sockets; default: run in the state directory"},
    {"listen", KeyKind::HttpUrls, "http://127.0.0.1:8080", false,
     "where HTTP and HTTPS are answered, comma-separated; port 0 takes any free port"},
    {"tls-certificate", KeyKind::Path, "", false,
     "PEM file of the certificate of https:// with its chain; read again when it changes"},
    {"tls-key", KeyKind::Path, "", false, "PEM file of its private key"},
    {"trusted-proxies", KeyKind::Networks, "", false,
     "addresses and networks of reverse proxies: what they say of their clients is believed"},
    {"proxy-headers", KeyKind::ProxyHeaders, "x-forwarded", false,
     "where they say it: x-forwarded (X-Forwarded-For, -Proto, -Host) or forwarded (RFC 7239)"},
    {"public-url", KeyKind::HttpUrl, "", false, "how clients reach this server; default: where it listens"},
    {"region", KeyKind::Text, "local", false,
     "what `region` of sessions and livestreams says; a room's geoFence that names another one is refused"},
    {"public-address", KeyKind::Addresses, "127.0.0.1", false,
     "IPv4 and IPv6 addresses that media is sent to, comma-separated"},
    {"port-range", KeyKind::PortRange, "", false, "ports for media; default: any free port"},
    {"ice-tcp", KeyKind::Flag, "true", false, "offer media over TCP too, for networks that block UDP"},
    {"shards", KeyKind::Count, "0", false,
     "threads, each with a port, that serve the viewers of a session; 0 = one per processor, at most 4"},
    {"slate-text", KeyKind::Text, "We'll be right back", false, "what viewers read while no host is there"},
    {"slate-grace", KeyKind::Count, "2", false, "seconds that the last picture of the last host stays before that"},
    {"slate-time", KeyKind::Count, "300", false, "seconds that it is shown at most; 0 = not at all"},
    {"allow-private-destinations", KeyKind::Flag, "false", false,
     "livestreams and webhooks may go to loopback, private and link-local addresses"},
    {"api-key", KeyKind::Text, "", false, "the `apikey` claim of tokens; generated when absent"},
    {"api-secret", KeyKind::Text, "", true, "signs tokens (HS256); generated when absent"},
    {"old-api-secret", KeyKind::Text, "", true, "the one before, taken too while app servers change to the new one"},
    {"master-key", KeyKind::Text, "", true,
     "32 bytes in base64, encrypts the secrets of `rostrum key`; default: master.key in the state directory"},
    {"webhook-url", KeyKind::HttpUrl, "", false, "receives every webhook of every room"},
    {"webhook-secret", KeyKind::Text, "", true, "`whsec_…`, signs webhooks (HMAC); generated when absent"},
    {"webhook-key", KeyKind::Path, "", false, "PEM file of the RSA key that signs webhooks; generated when absent"},
    {"webhook-max-age-hours", KeyKind::Count, "72", false,
     "hours that a webhook is tried again for; then it is a dead letter"},
    {"webhook-dead-letter-days", KeyKind::Count, "30", false, "days that dead letters are kept for"},
    {"webhook-history-hours", KeyKind::Count, "72", false, "hours that delivered webhooks are kept for"},
    {"webhook-history", KeyKind::Count, "100000", false, "webhooks of either kind that are kept at most"},
    {"ice-servers", KeyKind::IceServers, "", false,
     "STUN and TURN servers that clients are told, comma-separated: stun:HOST, turn:HOST:PORT?transport=tcp"},
    {"turn-secret", KeyKind::Text, "", true, "what the TURN servers have as static-auth-secret"},
    {"turn-lifetime", KeyKind::Count, "86400", false, "seconds that TURN credentials are good for"},
    {"recording-link-lifetime", KeyKind::Count, "86400", false, "seconds that links to recorded files are good for"},
    {"recording-split-minutes", KeyKind::Count, "0", false, "minutes after which a recording goes on in a new part"},
    {"recording-split-mib", KeyKind::Count, "0", false, "MiB after which a recording goes on in a new part"},
    {"hls-dvr-minutes", KeyKind::Count, "0", false,
     "minutes that viewers of a live HLS stream may go back; 0 = to its begin"},
    {"hls-keep", KeyKind::Flag, "true", false, "keep what is older than that, for watching when the stream is over"},
    {"job-processes", KeyKind::Count, "1", false, "recordings that are finalised or merged at once"},
    {"s3-endpoint", KeyKind::HttpUrl, "", false, "S3-compatible storage that recordings are uploaded to"},
    {"s3-bucket", KeyKind::Text, "", false, "bucket in it"},
    {"s3-region", KeyKind::Text, "us-east-1", false, "region that requests are signed for"},
    {"s3-access-key-id", KeyKind::Text, "", false, "access key of the requests to it"},
    {"s3-secret-access-key", KeyKind::Text, "", true, "signs these requests"},
    {"s3-prefix", KeyKind::Text, "", false, "what the keys of all objects begin with"},
    {"s3-keep-local", KeyKind::Flag, "false", false, "keep the files here when the bucket has them"},
    {"cors-origins", KeyKind::Origins, "*", false,
     "origins that browsers may call the API from, comma-separated, * = any"},
    {"cors-credentials", KeyKind::Flag, "false", false, "they may send cookies, of a proxy in front; not with *"},
    {"cors-max-age", KeyKind::Count, "86400", false, "seconds that browsers remember this for"},
    {"empty-timeout", KeyKind::Count, "10", false, "seconds after which a session without participants ends"},
    {"history-days", KeyKind::Count, "0", false,
     "days after which ended sessions are forgotten, with participants, statistics and chat; 0 = never"},
    {"auto-close-in-seconds", KeyKind::Flag, "false", false,
     "rooms give autoCloseConfig.duration in seconds, as the npm server SDK does, not in minutes"},
    {"max-sessions", KeyKind::Count, "100", false, "sessions that may run at once"},
    {"max-compositions", KeyKind::Count, "0", false,
     "livestreams, composed recordings and HLS streams that may run at once or be reserved; 0 = any number"},
    {"max-participants", KeyKind::Count, "5000", false, "participants that may be in one session"},
    {"max-connections", KeyKind::Count, "20000", false, "HTTP and WebSocket connections that may be open at once"},
    {"max-connections-per-address", KeyKind::Count, "5000", false,
     "of them from one address (IPv6: /64); trusted proxies have no such limit"},
    {"request-timeout", KeyKind::Count, "30", false, "seconds in which a request has to arrive"},
    {"idle-timeout", KeyKind::Count, "60", false,
     "seconds without a byte either way after which a connection is closed; at least 30 for WebSockets"},
    {"requests-per-address", KeyKind::Budget, "500,10000", false,
     "requests of one address: how many a second, and how many at once; 0 = no limit"},
    {"failures-per-address", KeyKind::Budget, "5,1000", false, "likewise tokens of one address that do not hold"},
    {"unlimited-addresses", KeyKind::Networks, "127.0.0.0/8,::1", false,
     "addresses and networks that those limits for one address are not for"},
    {"requests-per-key", KeyKind::Budget, "5000,50000", false, "likewise requests with one API key"},
    {"end-sessions-on-exit", KeyKind::Flag, "false", false,
     "end the sessions on SIGTERM instead of leaving them running"},
};

} // namespace

const std::vector<ConfigKey> &config_keys() {
    static const std::vector<ConfigKey> keys(std::begin(kKeys), std::end(kKeys));
    return keys;
}

} // namespace rostrum
