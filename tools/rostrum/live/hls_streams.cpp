// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/live/hls_streams.h"

#include "tools/rostrum/base/ids.h"

#include <filesystem>

namespace rostrum {

std::shared_ptr<HlsStream> HlsStreams::use(Open &open) {
    open.used = ++uses_;
    return open.stream;
}

std::shared_ptr<HlsStream> HlsStreams::find(const std::string &name) {
    const std::string id = name.substr(0, name.find('-'));
    if (const auto known = streams_.find(id); known != streams_.end())
        return equal_constant_time(name, known->second.name) ? use(known->second) : nullptr;
    const auto record = is_document_id(id) ? store_.outputs.find(OutputKind::Hls, id) : std::nullopt;
    if (!record || !equal_constant_time(name, record->details.text("name")))
        return nullptr;
    return find(*record);
}

std::shared_ptr<HlsStream> HlsStreams::find(const OutputRecord &record) {
    if (const auto known = streams_.find(record.id); known != streams_.end())
        return use(known->second);
    close_least_used();
    const Json request = record.details.get("request");
    auto stream = std::make_shared<HlsStream>(request.text("directory"),
                                              static_cast<uint32_t>(request.get("dvrMs").as_integer()));
    if (record.end)
        stream->close();
    return use(streams_[record.id] = {record.details.text("name"), std::move(stream)});
}

/// Of those that are over: what they are is on disk.
void HlsStreams::close_least_used() {
    size_t over = 0;
    auto least = streams_.end();
    for (auto it = streams_.begin(); it != streams_.end(); ++it)
        if (it->second.stream->timeline().ended) {
            ++over;
            if (least == streams_.end() || it->second.used < least->second.used)
                least = it;
        }
    if (over >= kMaxOver)
        streams_.erase(least);
}

void HlsStreams::grown(const std::string &id) {
    if (const auto known = streams_.find(id); known != streams_.end())
        known->second.stream->read();
}

void HlsStreams::over(const std::string &id) {
    if (const auto known = streams_.find(id); known != streams_.end())
        known->second.stream->close();
}

void HlsStreams::remove(const OutputRecord &record) {
    streams_.erase(record.id);
    auto *directory = new std::string(record.details.get("request").text("directory"));
    g_autoptr(GTask) task = g_task_new(nullptr, nullptr, nullptr, nullptr);
    g_task_set_task_data(task, directory, [](gpointer data) { delete static_cast<std::string *>(data); });
    g_task_run_in_thread(task, [](GTask *, gpointer, gpointer data, GCancellable *) {
        std::error_code ignored;
        if (!static_cast<std::string *>(data)->empty())
            std::filesystem::remove_all(*static_cast<std::string *>(data), ignored);
    });
}

/// Of a stream that is over and could not be seen whole while it was live, the whole.
Json hls_urls(const OutputRecord &record, const std::string &public_url) {
    const std::string base = public_url + "/hls/" + record.details.text("name") + "/";
    const bool window = record.details.get("request").get("dvrMs").as_integer() > 0;
    const std::string playback = base + hls::file_of(record.end && window ? hls::View::Vod : hls::View::Dvr);
    return Json::object({{"playbackHlsUrl", playback},
                         {"livestreamUrl", base + hls::file_of(hls::View::Live)},
                         {"downstreamUrl", playback}});
}

} // namespace rostrum
