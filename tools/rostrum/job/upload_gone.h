// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/job/job_error.h"

namespace rostrum::job {

/// The server does not know the upload that was to be gone on with.
struct UploadGone : JobError {
    UploadGone() : JobError("S3 does not know the upload any more", false) {}
};

} // namespace rostrum::job
