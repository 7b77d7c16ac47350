// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "streamsrc/ingest.h"
#include "streamsrc/outputs.h"

#include <memory>

namespace rostrum {

/// Starts to pull from settings.uri; failures from then on go to the listener. 400 for a URI that nothing here can
/// pull.
Result<std::shared_ptr<Ingest>> start_pull_ingest(const StreamSourceSettings &settings, Outputs &outputs,
                                                  IngestListener &listener);

} // namespace rostrum
