// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/jobs/job_process.h"

#include "tools/rostrum/base/config.h"

#include <unistd.h>

namespace rostrum {

/// What a callback holds.
struct JobProcess::Link {
    std::shared_ptr<JobProcess *> self;
    static gpointer to(JobProcess &process) { return new Link{process.self_}; }
    static JobProcess *take(gpointer data) {
        const std::unique_ptr<Link> link(static_cast<Link *>(data));
        return *link->self;
    }
};

JobProcess::JobProcess(const std::string &binary, const std::string &log, std::string document, unsigned silence_ms,
                       Observer observer)
    : silence_ms_(silence_ms), observer_(std::move(observer)), self_(std::make_shared<JobProcess *>(this)) {
    const auto launcher = ObjectRef<GSubprocessLauncher>::adopt(g_subprocess_launcher_new(
        static_cast<GSubprocessFlags>(G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE)));
    g_subprocess_launcher_set_stderr_file_path(launcher.get(), log.c_str());
    for (const auto &key : config_keys())
        if (key.secret)
            g_subprocess_launcher_unsetenv(launcher.get(), environment_name(key.name).c_str());
    g_subprocess_launcher_setenv(launcher.get(), "ROSTRUM_JOB_PARENT", std::to_string(getpid()).c_str(), TRUE);
    GError *error = nullptr;
    child_ =
        ObjectRef<GSubprocess>::adopt(g_subprocess_launcher_spawn(launcher.get(), &error, binary.c_str(), nullptr));
    if (!child_) {
        g_warning("a job cannot be started: %s", take_error(error).c_str());
        silence_.once(0, [this] { observer_.ended(); });
        return;
    }
    output_ = ObjectRef<GDataInputStream>::adopt(g_data_input_stream_new(g_subprocess_get_stdout_pipe(child_.get())));
    silence_.once(silence_ms_, [this] { g_subprocess_force_exit(child_.get()); });
    auto written = [](GObject *stream, GAsyncResult *result, gpointer data) {
        const std::unique_ptr<std::string> text(static_cast<std::string *>(data));
        g_output_stream_write_all_finish(G_OUTPUT_STREAM(stream), result, nullptr, nullptr);
        g_output_stream_close_async(G_OUTPUT_STREAM(stream), G_PRIORITY_DEFAULT, nullptr, nullptr, nullptr);
    };
    auto *text = new std::string(std::move(document)); // may be written when this process is forgotten
    g_output_stream_write_all_async(g_subprocess_get_stdin_pipe(child_.get()), text->data(), text->size(),
                                    G_PRIORITY_DEFAULT, nullptr, written, text);
    read_line();
}

JobProcess::~JobProcess() {
    *self_ = nullptr;
    if (child_)
        g_subprocess_force_exit(child_.get());
}

void JobProcess::read_line() {
    auto read = [](GObject *stream, GAsyncResult *result, gpointer data) {
        gsize size = 0;
        const OwnedText text(g_data_input_stream_read_line_finish(G_DATA_INPUT_STREAM(stream), result, &size, nullptr));
        if (JobProcess *self = Link::take(data))
            self->took_line(text.get());
    };
    g_data_input_stream_read_line_async(output_.get(), G_PRIORITY_DEFAULT, nullptr, read, Link::to(*this));
}

void JobProcess::took_line(const char *text) {
    if (!text)
        return wait_for_end();
    silence_.once(silence_ms_, [this] { g_subprocess_force_exit(child_.get()); });
    if (const auto line = parse_json(text))
        guarded([&] { observer_.line(*line); });
    read_line();
}

void JobProcess::wait_for_end() {
    auto waited = [](GObject *child, GAsyncResult *result, gpointer data) {
        g_subprocess_wait_finish(G_SUBPROCESS(child), result, nullptr);
        if (JobProcess *self = Link::take(data))
            self->end();
    };
    g_subprocess_wait_async(child_.get(), nullptr, waited, Link::to(*this));
}

void JobProcess::end() {
    silence_.cancel();
    const auto ended = observer_.ended;
    guarded(ended);
}

} // namespace rostrum
