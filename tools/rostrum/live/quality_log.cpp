// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/live/quality_log.h"

#include <algorithm>
#include <limits>

namespace rostrum {
namespace {

constexpr unsigned kWriteEveryMs = 20;
constexpr size_t kRowsAtOnce = 100; // about 1 ms of the main thread
// A disk that does not keep up: 20 minutes of a full session.
constexpr size_t kMaxWaiting = 100000;

StoredMinute stored(int64_t minute, const MinuteReport &report) {
    return {minute, {report.values.begin(), report.values.end()}};
}

MinuteReport report_of(const StoredMinute &minute) {
    MinuteReport report;
    std::copy_n(minute.numbers.begin(), std::min(minute.numbers.size(), report.values.size()), report.values.begin());
    return report;
}

} // namespace

QualityLog::~QualityLog() {
    over_.merge(running_);
    try {
        while (write_some(kRowsAtOnce)) {
        }
    } catch (const DatabaseError &error) {
        g_warning("statistics are lost: %s", error.what());
    }
}

void QualityLog::note(const std::string &session, std::span<const MinuteRow> rows, int64_t now_minute) {
    for (const MinuteRow &row : rows)
        running_.insert_or_assign(Key{session, row.participant, row.minute}, row.report);
    // The minute before is told once more after it has ended.
    for (auto it = running_.lower_bound({session, "", 0}); it != running_.end() && it->first.session == session;) {
        const auto minute = it++;
        if (minute->first.minute < now_minute - 1)
            write_later(minute);
    }
}

void QualityLog::session_over(const std::string &session) {
    for (auto it = running_.lower_bound({session, "", 0}); it != running_.end() && it->first.session == session;)
        write_later(it++);
}

void QualityLog::write_later(Minutes::iterator minute) {
    auto node = running_.extract(minute);
    if (over_.size() >= kMaxWaiting)
        return;
    over_.insert_or_assign(std::move(node.key()), node.mapped());
    if (!timer_.active())
        timer_.every(kWriteEveryMs, [this] {
            try {
                if (!write_some(kRowsAtOnce))
                    timer_.cancel();
            } catch (const DatabaseError &error) { // the rest is tried again
                g_warning("statistics are written later: %s", error.what());
            }
        });
}

/// False when nothing is left.
bool QualityLog::write_some(size_t count) {
    for (; count > 0 && !over_.empty(); --count) {
        const auto &[key, report] = *over_.begin();
        store_.put(key.session, key.participant, stored(key.minute, report));
        over_.erase(over_.begin());
    }
    return !over_.empty();
}

std::vector<MinuteRow> QualityLog::minutes(const std::string &session, const std::string &participant) {
    std::map<int64_t, MinuteReport> known;
    for (const auto &minute : store_.list(session, participant))
        known[minute.minute] = report_of(minute);
    for (const Minutes *waiting : {&over_, &running_})
        for (auto it = waiting->lower_bound({session, participant, 0});
             it != waiting->end() && it->first.session == session && it->first.participant == participant; ++it)
            known[it->first.minute] = it->second;
    std::vector<MinuteRow> rows;
    for (const auto &[minute, report] : known)
        rows.push_back({participant, minute, report});
    return rows;
}

} // namespace rostrum
