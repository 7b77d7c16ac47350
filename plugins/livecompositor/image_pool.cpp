// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livecompositor/image_pool.h"

namespace livecompositor {

namespace {

constexpr size_t kSpare = 4; // a picture lives for a few frames at most

} // namespace

using peerwire::MutexLock;

std::shared_ptr<Image> ImagePool::take(Size size) {
    std::unique_ptr<Image> image;
    {
        MutexLock lock(shelf_->mutex);
        if (shelf_->size != size)
            shelf_->images.clear();
        shelf_->size = size;
        if (!shelf_->images.empty()) {
            image = std::move(shelf_->images.back());
            shelf_->images.pop_back();
        }
    }
    if (!image)
        image = std::make_unique<Image>(size);
    const auto give_back = [shelf = shelf_](Image *used) {
        std::unique_ptr<Image> owned(used);
        MutexLock lock(shelf->mutex);
        if (owned->size() == shelf->size && shelf->images.size() < kSpare)
            shelf->images.push_back(std::move(owned));
    };
    return {image.release(), give_back};
}

} // namespace livecompositor
