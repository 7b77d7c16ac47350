// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Element ids of RFC 9559 (Matroska).

#pragma once

#include <cstdint>

namespace rostrum::job::id {

constexpr uint32_t kEbml = 0x1A45DFA3, kSegment = 0x18538067, kSeekHead = 0x114D9B74, kSeek = 0x4DBB, kSeekId = 0x53AB,
                   kSeekPosition = 0x53AC, kInfo = 0x1549A966, kTimestampScale = 0x2AD7B1, kDuration = 0x4489,
                   kVoid = 0xEC, kTracks = 0x1654AE6B, kTrackEntry = 0xAE, kTrackNumber = 0xD7, kTrackType = 0x83,
                   kCodecId = 0x86, kDefaultDuration = 0x23E383, kVideo = 0xE0, kPixelWidth = 0xB0, kPixelHeight = 0xBA,
                   kCluster = 0x1F43B675, kTimestamp = 0xE7, kPosition = 0xA7, kPrevSize = 0xAB, kSimpleBlock = 0xA3,
                   kBlockGroup = 0xA0, kBlock = 0xA1, kBlockDuration = 0x9B, kReferenceBlock = 0xFB, kCues = 0x1C53BB6B,
                   kCuePoint = 0xBB, kCueTime = 0xB3, kCueTrackPositions = 0xB7, kCueTrack = 0xF7,
                   kCueClusterPosition = 0xF1, kTags = 0x1254C367, kChapters = 0x1043A770, kAttachments = 0x1941A469;

} // namespace rostrum::job::id
