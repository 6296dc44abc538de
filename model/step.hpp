#pragma once

#include "schema/address.hpp"
#include "schema/value.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace pveplan::model {

/// How an open intent of an operation is settled after a crash or a lost answer
/// (docs/state-format.md).
enum class ResolverClass {
  engine_only,     ///< nothing outside the process: writes no intent
  keyed_create,    ///< the client chose the key
  digest_guarded,  ///< compare-and-swap by digest
  goal_state,      ///< repeat until it holds
  answer_once,     ///< delete and create again
  no_key,          ///< carries a nonce in the object, or a guard file on the host
};
std::string_view name(ResolverClass resolver);

/// What a provider declares about each of its operations.
struct OperationSpec {
  std::string name;  ///< "create", "configure", "start"
  ResolverClass resolver = ResolverClass::goal_state;
  std::chrono::seconds expected{
      1};  ///< usual duration: the scheduler starts the longest path first
};

/// One provider call. Its dependencies are steps of the same plan.
struct Step {
  Step() {}  // no aggregate: steps are coroutine parameters (g++ 12)

  using Id = std::uint32_t;
  Id id = 0;
  schema::ResourceAddress address;
  std::string operation;
  schema::Value arguments;       ///< everything the operation needs; never a secret
  std::vector<Id> dependencies;  ///< sorted
  std::vector<std::string>
      pools;            ///< named limits that it takes: "node:pve1", "storage:pve1/local-lvm"
  std::string summary;  ///< "clone 9002 -> 112, pve2"
  std::string
      brief;  ///< in a list of steps: "stop (shut down within 60 s, else …)"; empty: operation
  std::uint32_t writes = 1;  ///< API calls that it makes when all goes well

  /// For a list of steps.
  const std::string& words() const { return brief.empty() ? operation : brief; }
};

}  // namespace pveplan::model
