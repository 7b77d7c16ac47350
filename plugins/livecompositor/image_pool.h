// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "livecompositor/image.h"
#include "sync/mutex.h"

namespace livecompositor {

/// Pictures of one size that are used again: large blocks come fresh from the kernel each time, page by page.
/// Thread-safe; pictures may outlive the pool.
class ImagePool {
  public:
    /// Its content is undefined.
    std::shared_ptr<Image> take(Size size);

  private:
    struct Shelf {
        peerwire::Mutex mutex;
        Size size GUARDED_BY(mutex);
        std::vector<std::unique_ptr<Image>> images GUARDED_BY(mutex);
    };
    std::shared_ptr<Shelf> shelf_ = std::make_shared<Shelf>();
};

} // namespace livecompositor
