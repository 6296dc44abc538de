#pragma once

#include "lab/core/api_table.hpp"
#include "lab/core/call.hpp"
#include "lab/core/envelope.hpp"

#include <string>

namespace pveplan::lab {

/// A request whose caller is known and whose endpoint has been found.
struct Dispatch {
  World& world;
  const Match& match;
  Format format;
  Caller caller;
  std::string node;  ///< the node that was called
  const Upload* upload = nullptr;
};

/// Permission, forwarding, parameters, handler: in the order of the real daemon.
Answer run_call(const Dispatch& dispatch, const Parameters& given);

}  // namespace pveplan::lab
