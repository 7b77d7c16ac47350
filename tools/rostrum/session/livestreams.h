// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Keeps the destinations of each rtmpegress element equal to those that are wanted, and what is told about them.
// Thread-bound: main.

#pragma once

#include "graph.h"
#include "gst_ptr.h"

#include <list>
#include <map>
#include <set>

namespace rostrum::session {

class Livestreams {
  public:
    /// state: "connecting", "live", "retrying", "failed", "stopped"; details: JSON {bytes, bitrate,
    /// attempts, reconnects, dropped, retryInMs, error}. The same state again brings newer numbers.
    using Changed = std::function<void(const std::string &livestream, const std::string &output,
                                       const std::string &state, const std::string &details)>;

    explicit Livestreams(Changed changed) : changed_(std::move(changed)) {}

    /// `find` gives the running element of a node, null when there is none.
    void sync(const std::function<GstElement *(const std::string &)> &find, const std::vector<Destination> &wanted);

    /// An element message "rtmpegress-destination" of `source`.
    void on_message(GstObject *source, const GstStructure *message);

    /// Ends every push of `egress` cleanly; `done` runs when all have ended, after kDrainMs at the latest.
    bool drain(GstElement *egress, std::function<void()> done);
    /// The element is gone.
    void forget(GstElement *egress);

    struct Entry {
        std::string livestream;
        std::string state;
        std::string details;
    };
    const std::map<std::string, Entry> &entries() const { return entries_; } // by output

  private:
    static constexpr unsigned kDrainMs = 3000;
    static constexpr unsigned kNumbersMs = 2000; // how old the numbers of a live destination get

    struct Egress {
        GstPtr<GstElement> element;
        std::map<std::string, Destination> added; // by output
    };
    struct Draining {
        GstPtr<GstElement> egress;
        std::set<std::string> left; // outputs
        std::function<void()> done;
        Timer deadline;
    };

    void sync(const std::string &node, Egress &egress, const std::vector<Destination> &wanted);
    void add(Egress &egress, const Destination &destination);
    void set_state(const std::string &output, const std::string &state, const std::string &details);
    void ended(GstElement *egress, const std::string &output);
    void tell_numbers();
    void tell_numbers(GstElement *egress);
    Egress *find(const void *element);
    std::list<Draining>::iterator find_draining(const void *element);
    void finish(std::list<Draining>::iterator draining);
    static void on_removed(GstElement *egress, const char *output, gpointer self);

    const Changed changed_;
    const Alive alive_ = std::make_shared<bool>(true);
    std::map<std::string, Egress> egresses_; // by node
    std::map<std::string, Entry> entries_;
    std::list<Draining> draining_;
    Timer numbers_;
};

} // namespace rostrum::session
