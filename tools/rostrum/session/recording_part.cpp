// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "recording_part.h"

#include <algorithm>
#include <utility>

namespace rostrum::session {

/// The streaming thread of the muxer.
struct RecordingPart::Sink {
    std::shared_ptr<PartFile> file;
    std::shared_ptr<Media> media;
    MediaUnits units;
    std::function<void()> overrun;
    bool over = false; // it has said so

    void take(GstBuffer *buffer) {
        GstMapInfo map;
        if (!gst_buffer_map(buffer, &map, GST_MAP_READ))
            return;
        media->bytes += map.size;
        units.push(map.data, map.size, [this](Bytes unit) {
            if (!file->append(std::move(unit), media->end_ms) && !std::exchange(over, true))
                overrun();
        });
        gst_buffer_unmap(buffer, &map);
    }
};

RecordingPart::RecordingPart(GstElement *mux, GstElement *sink, std::shared_ptr<PartNames> names, FileFormat format,
                             Observer &observer)
    : observer_(observer), mux_(ref(mux)), sink_(ref(sink)), format_(format) {
    const auto on_main = [this](void (Observer::*tell)(RecordingPart &)) {
        return [this, tell, alive = alive_] { post_to_main(alive, [this, tell] { (observer_.*tell)(*this); }); };
    };
    const auto failed = [this, alive = alive_](const std::string &error) {
        post_to_main(alive, [this, error] { observer_.part_failed(*this, error); });
    };
    const auto closed = [this, alive = alive_] {
        post_to_main(alive, [this] {
            done_ = true;
            observer_.part_done(*this);
        });
    };
    file_ = std::make_shared<PartFile>(
        std::move(names), format_,
        PartFile::Observer{on_main(&Observer::part_opened), on_main(&Observer::part_begun), failed, closed});
    const auto shared =
        std::make_shared<Sink>(Sink{file_, media_, MediaUnits(format_), [failed] { failed("the disk is too slow"); }});
    const auto pad = adopt(gst_element_get_static_pad(sink, "sink"));
    gst_pad_add_probe(pad.get(),
                      static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST |
                                                   GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM),
                      on_bytes, new std::shared_ptr<Sink>(shared),
                      [](gpointer data) { delete static_cast<std::shared_ptr<Sink> *>(data); });
}

RecordingPart::~RecordingPart() {
    *alive_ = false;
    if (!retired_)
        return;
    const auto bin = adopt(gst_element_get_parent(mux_.get()));
    for (GstElement *element : {sink_.get(), mux_.get()}) {
        gst_element_set_locked_state(element, TRUE);
        gst_element_set_state(element, GST_STATE_NULL);
        if (bin)
            gst_bin_remove(GST_BIN(bin.get()), element);
    }
}

PartInfo RecordingPart::info() const {
    const PartFile::Written written = file_->written();
    return {file_->path(), format_,       media_->started_at_ms, done_ ? media_->end_ms.load() : written.end_ms,
            written.bytes, media_->width, media_->height};
}

GstPadProbeReturn RecordingPart::on_bytes(GstPad *, GstPadProbeInfo *info, gpointer data) {
    Sink &sink = **static_cast<std::shared_ptr<Sink> *>(data);
    if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER) {
        sink.take(GST_PAD_PROBE_INFO_BUFFER(info));
        return GST_PAD_PROBE_DROP;
    }
    if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER_LIST) {
        GstBufferList *list = GST_PAD_PROBE_INFO_BUFFER_LIST(info);
        for (guint i = 0; i < gst_buffer_list_length(list); ++i)
            sink.take(gst_buffer_list_get(list, i));
        return GST_PAD_PROBE_DROP;
    }
    if (GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) == GST_EVENT_EOS)
        sink.file->finish();
    return GST_PAD_PROBE_OK;
}

} // namespace rostrum::session
