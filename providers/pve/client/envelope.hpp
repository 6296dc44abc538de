#pragma once

#include "providers/async/http.hpp"
#include "providers/core/api.hpp"

namespace pveplan::pve {

/// An answer of the API without its HTTP clothes. Texts are the server's own: redact before use.
/// `request` is "METHOD path" for messages, `writes` tells how a forwarding failure is read.
core::ApiResult decode_envelope(const async::HttpReply& reply, const std::string& request,
                                bool writes);

}  // namespace pveplan::pve
