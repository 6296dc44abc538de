#pragma once

#include "engine/planner.hpp"
#include "engine/services.hpp"
#include "engine/step_context.hpp"

namespace pveplan::engine {

/// One object to read: a row of the state, or the place where a new object shall be.
struct Reading {
  schema::ResourceAddress address;
  model::Identity identity;
  const model::Row* row = nullptr;
};

/// Reads all of them at once (the client limits what is in flight) and reports every failure. A
/// read that fails for one object makes that object unreadable, never absent; for one that shall be
/// new it is the refusal to make it, and the first of these is the error.
async::Task<schema::Result<void>> refresh(const Services& services, core::Context context,
                                          std::vector<Reading> readings, LiveState& live);

}  // namespace pveplan::engine
