#pragma once

#include "model/row.hpp"
#include "model/step.hpp"
#include "schema/diagnostic.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace pveplan::model {

/// "We are about to do this": durable before the first byte of its request.
struct Intent {
  Intent() {}  // no aggregate: intents are coroutine parameters (g++ 12)

  std::uint64_t id = 0;
  schema::ResourceAddress address;
  std::string operation;
  schema::Value arguments;  ///< of the step, with the chosen ids
  std::string nonce;        ///< random; part of the marker of what the operation creates
  std::string server_time;  ///< RFC 3339, the server's clock when it was opened
  std::string upid;         ///< of the Proxmox task, once `started` is journaled
  friend bool operator==(const Intent&, const Intent&) = default;
};

/// What a finished operation did to the state.
struct Outcome {
  // No aggregate: it is a coroutine parameter (g++ 12).
  Outcome() {}
  Outcome(schema::ResourceAddress of, std::optional<Row> new_row,
          std::vector<std::int64_t> retired = {})
      : address(std::move(of)), row(std::move(new_row)), retired_vmids(std::move(retired)) {}

  schema::ResourceAddress address;
  /// The whole new row; nullopt removes the row.
  std::optional<Row> row;
  /// Guest ids that the operation destroyed: they are used again only when no other is left.
  std::vector<std::int64_t> retired_vmids;
};

/// How an open intent ended.
struct Done {
  Outcome outcome;
};
struct NotDone {};  ///< it never had an effect: the operation may be run again
struct StillOpen {  ///< cannot be told now; it stays open and blocks its dependents only
  std::string reason;
};
struct Taken {  ///< somebody else holds the key: plan again
  schema::Diagnostic diagnostic;
};
using Resolution = std::variant<Done, NotDone, StillOpen, Taken>;

}  // namespace pveplan::model
