// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/base/glib_handles.h"
#include "tools/rostrum/base/json.h"

#include <functional>

namespace rostrum {

/// One run of rostrum-job. Killed when this is destroyed, when it says nothing for too long, and when `serve` dies.
/// Thread-bound: main thread.
class JobProcess {
  public:
    struct Observer {
        std::function<void(const Json &line)> line;
        std::function<void()> ended; ///< once, last; may destroy the JobProcess
    };
    /// `document` goes to its standard input: what is secret in it no process list shows.
    JobProcess(const std::string &binary, const std::string &log, std::string document, unsigned silence_ms,
               Observer observer);
    ~JobProcess();
    JobProcess(const JobProcess &) = delete;
    JobProcess &operator=(const JobProcess &) = delete;

  private:
    struct Link;
    void read_line();
    void took_line(const char *text);
    void wait_for_end();
    void end();

    const unsigned silence_ms_;
    const Observer observer_;
    const std::shared_ptr<JobProcess *> self_; // callbacks that come late find null
    ObjectRef<GSubprocess> child_;
    ObjectRef<GDataInputStream> output_;
    Timer silence_;
};

} // namespace rostrum
