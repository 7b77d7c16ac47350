// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// rostrum-job: one piece of work on recorded files, beside the sessions and with less right to the machine than they
// have. Reads a JSON document {"kind": …} from standard input to its end; see report.h for what it says, jobs.h for the
// kinds. Ends with status 0 when it has said a result, 1 when it has said an error.

#include "tools/rostrum/job/files.h"
#include "tools/rostrum/job/job_error.h"
#include "tools/rostrum/job/jobs.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <gst/gst.h>
#include <iostream>
#include <iterator>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace rostrum::job {
namespace {

constexpr int kNice = 19;
constexpr int kOfProcess = 1, kIdleClass = 3 << 13; // ioprio_set(2); <linux/ioprio.h> is C only

struct Kind {
    const char *name;
    Json (*run)(const Json &, Report &);
};
constexpr Kind kKinds[] = {{"capture", capture},
                           {"process", process_part},
                           {"upload", upload},
                           {"merge", merge_channels},
                           {"composite-merge", merge_composed}};

/// The sessions come first; and a job does not outlive whoever asked for it.
void step_back() {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const char *parent = g_getenv("ROSTRUM_JOB_PARENT");
    if (parent && std::to_string(getppid()) != parent) // it died before the line above
        std::exit(1);
    setpriority(PRIO_PROCESS, 0, kNice);
    syscall(SYS_ioprio_set, kOfProcess, 0, kIdleClass);
    umask(077);
    std::signal(SIGXFSZ, SIG_IGN); // a file that may not grow is a disk without room
}

int run(const std::string &text, Report &report) {
    const auto document = parse_json(text);
    const std::string name = document ? document->text("kind") : "";
    for (const Kind &kind : kKinds)
        if (name == kind.name) {
            report.result(kind.run(*document, report));
            return 0;
        }
    report.error("there is no job of the kind '" + name + "'", true);
    return 1;
}

} // namespace
} // namespace rostrum::job

int main(int argc, char **argv) {
    rostrum::job::step_back();
    gst_init(&argc, &argv);
    rostrum::job::Report report;
    rostrum::job::on_activity([&report] { report.alive(); });
    try {
        return rostrum::job::run(std::string(std::istreambuf_iterator<char>(std::cin), {}), report);
    } catch (const rostrum::job::JobError &error) {
        report.error(error.what(), error.permanent);
    } catch (const std::exception &error) {
        report.error(std::string("something went wrong: ") + error.what(), false);
    }
    return 1;
}
