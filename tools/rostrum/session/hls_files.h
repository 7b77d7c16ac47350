// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The directory of an HLS stream: initialization segments and segments by rendition, and the journal. Blocks as the
// disk does. Thread-bound: one thread.

#pragma once

#include "journal.h"
#include "packager.h"

#include <stdexcept>
#include <utility>

namespace rostrum::session {

struct HlsSetup {
    struct Rendition {
        std::string name;
        unsigned peak_bps, average_bps;
    };
    std::string directory;
    std::vector<Rendition> renditions;
    bool with_video = true;
    int64_t epoch_ms = 0; // since 1970, when the pipeline's running time was 0
    unsigned dvr_ms = 0;
    bool keep = true;
};

/// The disk refused; what was written before stays.
struct DiskError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Closes what it holds.
class FileHandle {
  public:
    FileHandle() = default;
    explicit FileHandle(int fd) : fd_(fd) {}
    FileHandle(FileHandle &&other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    FileHandle &operator=(FileHandle other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~FileHandle();
    int get() const { return fd_; }

  private:
    int fd_ = -1;
};

class HlsFiles : public hls::PackageSink {
  public:
    /// Takes up what an earlier process has left: its last segment ends where it stopped. Throws DiskError, as all the
    /// others do.
    explicit HlsFiles(HlsSetup setup);
    HlsFiles(const HlsFiles &) = delete;
    HlsFiles &operator=(const HlsFiles &) = delete;

    const hls::Timeline &timeline() const { return timeline_; }
    std::vector<unsigned> next_generations() const;
    uint64_t bytes() const { return bytes_; } // of segments, written by this process
    uint64_t lines() const { return lines_; } // of the journal, likewise

    void put_init(size_t rendition, unsigned generation, const hls::Tracks &tracks, const std::string &bytes) override;
    void begin_segment(size_t rendition, uint64_t sequence, int64_t time_ns, unsigned generation,
                       bool discontinuity) override;
    void put_part(size_t rendition, uint64_t sequence, unsigned index, int64_t duration_ns, bool independent,
                  const std::string &bytes) override;
    void end_segment(size_t rendition, uint64_t sequence) override;
    void end();

  private:
    std::string path(size_t rendition, const std::string &file) const;
    void open_journal();
    void recover();
    void complete_broken();
    void remove_old();
    void note(const std::string &line);

    const HlsSetup setup_;
    hls::Timeline timeline_;
    FileHandle journal_;
    std::vector<FileHandle> segments_; // that are being written, by rendition
    uint64_t bytes_ = 0, lines_ = 0;
};

} // namespace rostrum::session
