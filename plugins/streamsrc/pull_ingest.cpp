// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "streamsrc/pull_ingest.h"

#include "streamsrc/pulling_ingest.h"
#include "streamsrc/uri_puller.h"
#include "streamsrc/whep_puller.h"

namespace rostrum {
namespace {

constexpr std::string_view kWhepPrefix = "whep+";

std::unique_ptr<Puller> make_puller(PullHost &host, const std::string &uri) {
    if (uri.compare(0, kWhepPrefix.size(), kWhepPrefix) == 0)
        return std::make_unique<WhepPuller>(host, uri.substr(kWhepPrefix.size()));
    return std::make_unique<UriPuller>(host, uri);
}

/// What is wrong with `uri`; "" when nothing is.
std::string check_uri(const std::string &uri) {
    const bool whep = uri.compare(0, kWhepPrefix.size(), kWhepPrefix) == 0;
    const std::string inner = whep ? uri.substr(kWhepPrefix.size()) : uri;
    g_autoptr(GError) error = nullptr;
    if (!g_uri_is_valid(inner.c_str(), G_URI_FLAGS_NONE, &error))
        return error->message;
    g_autofree gchar *scheme = g_uri_parse_scheme(inner.c_str());
    if (whep)
        return g_str_equal(scheme, "http") || g_str_equal(scheme, "https") ? "" : "whep+ goes with http or https";
    return gst_uri_protocol_is_supported(GST_URI_SRC, scheme) ? "" : std::string("no element reads ") + scheme + "://";
}

} // namespace

Result<std::shared_ptr<Ingest>> start_pull_ingest(const StreamSourceSettings &settings, Outputs &outputs,
                                                  IngestListener &listener) {
    if (const std::string wrong = check_uri(settings.uri); !wrong.empty())
        return Error{400, "cannot pull from '" + settings.uri + "': " + wrong};
    auto ingest = std::make_shared<PullingIngest>(settings, outputs, listener);
    ingest->start(make_puller(ingest->host(), settings.uri));
    return std::shared_ptr<Ingest>(std::move(ingest));
}

} // namespace rostrum
