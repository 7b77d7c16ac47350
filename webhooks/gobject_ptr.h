// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include <gio/gio.h>
#include <memory>

namespace rostrum {

struct GObjectUnref {
    void operator()(gpointer object) const { g_object_unref(object); }
};
/// Owns one reference. Reentrant: as thread-safe as the type it holds.
template <class T> using GObjectPtr = std::unique_ptr<T, GObjectUnref>;

} // namespace rostrum
