// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A WHIP (RFC 9725) or WHEP (draft-ietf-wish-whep) endpoint by itself: what an element's `listen` property starts.

#pragma once

#include "wire/result.h"

#include <memory>
#include <string>

namespace rostrum {

using peerwire::Error;
using peerwire::Result;

/// What the endpoint asks its element. Called on the endpoint's thread, one call at a time. The code of an Error
/// becomes the HTTP status.
class WebrtcHttpHandler {
  public:
    virtual ~WebrtcHttpHandler() = default;

    /// POST: the answer to `offer`; the new session is `id` (unguessable, given by the endpoint).
    virtual Result<std::string> create_session(const std::string &id, const std::string &offer) = 0;

    /// PATCH: "" when the fragment only trickled candidates, else the fragment that answers an ICE restart.
    virtual Result<std::string> patch_session(const std::string &id, const std::string &fragment) = 0;

    /// Our username fragment in the session's current ICE session, which its ETag names; "" when there is none such.
    virtual std::string ice_session(const std::string &id) = 0;

    /// DELETE; false when there is no such session.
    virtual bool delete_session(const std::string &id) = 0;
};

/// Thread-safe. Requests are served on an own thread with an own GMainContext.
class WebrtcHttpEndpoint {
  public:
    /// `listen` is "http://ADDRESS:PORT/PATH"; port 0 takes any free one. `handler` must outlive the endpoint.
    static Result<std::unique_ptr<WebrtcHttpEndpoint>> start(const std::string &listen, WebrtcHttpHandler &handler);

    /// Ends open requests and joins the thread; not from inside the handler.
    virtual ~WebrtcHttpEndpoint() = default;

    /// `listen` with the real port.
    virtual std::string uri() const = 0;
};

} // namespace rostrum
