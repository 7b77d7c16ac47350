// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/base/json.h"

namespace rostrum::job {

/// What a job says on its standard output, one JSON object a line: {"progress": 0..1}, {"state": {…}} (what a later run
/// can go on from), and last {"result": {…}} or {"error": "…", "permanent": bool}. Whoever started it takes silence for
/// a hang. Thread-bound: main thread.
class Report {
  public:
    void progress(double done);
    /// As far as before.
    void alive() { progress(done_); }
    void state(const Json &state);
    void result(const Json &result);
    void error(const std::string &text, bool permanent);

  private:
    void say(const Json &line);
    int64_t last_us_ = 0;
    double done_ = 0;
};

} // namespace rostrum::job
