// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "wire/result.h"

#include <libsoup/soup.h>

#include <functional>
#include <memory>
#include <string>

namespace rostrum {

using peerwire::Error;
using peerwire::Result;

/// The HTTP side of a WHEP player (draft-ietf-wish-whep §4). Thread-bound: the thread whose default main context was
/// current when it was made; callbacks come there.
class WhepClient {
  public:
    explicit WhepClient(std::string endpoint);
    /// Open requests are cancelled, their callbacks are not called.
    ~WhepClient();

    /// POSTs the offer; the answer or why there is none. Redirects that keep the method (307, 308) are followed.
    void play(const std::string &offer, std::function<void(Result<std::string>)> done);
    /// DELETEs the session, if there is one; waits for the server up to a second.
    void leave();

  private:
    struct Request;
    void post(std::unique_ptr<Request> request);
    static void on_answer(GObject *session, GAsyncResult *result, gpointer request);
    Result<std::string> read_answer(const Request &request, GBytes *body, GError *error);

    const std::string endpoint_;
    SoupSession *const session_;
    GCancellable *const cancellable_;
    std::string resource_; ///< absolute URI of the session
};

} // namespace rostrum
