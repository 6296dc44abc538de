#include "providers/core/engine_only_type.hpp"

namespace pveplan::core {

using model::Action;
using schema::Value;

const std::vector<model::OperationSpec>& EngineOnlyType::operations() const {
  static const std::vector<model::OperationSpec> kOperations = {
      {"store", model::ResolverClass::engine_only, std::chrono::seconds(0)},
      {"forget", model::ResolverClass::engine_only, std::chrono::seconds(0)},
  };
  return kOperations;
}

async::Task<schema::Result<model::ReadOutcome>> EngineOnlyType::read(Context,
                                                                     model::Identity identity,
                                                                     const model::Row* row) const {
  if (row == nullptr) co_return model::ReadOutcome(model::Absent());
  model::LiveObject live;
  live.identity = identity;
  live.attributes = row->owned;
  live.exported = row->exported;
  co_return model::ReadOutcome(std::move(live));
}

std::vector<model::Step> EngineOnlyType::lower(const model::Change& change) const {
  model::Step step;
  step.address = change.address;
  step.writes = 0;
  if (change.action == Action::remove || change.action == Action::forget) {
    step.operation = "forget";
    step.summary = "forget";
  } else {
    step.operation = "store";
    step.summary = change.action == Action::create ? "create" : "change";
    step.arguments = Value::map({{"after", change.after}, {"identity", change.identity}});
  }
  return {std::move(step)};
}

async::Task<schema::Result<model::Outcome>> EngineOnlyType::run(Context, model::Step step) const {
  model::Outcome outcome;
  outcome.address = step.address;
  if (step.operation == "store") {
    model::Row row;
    row.address = step.address;
    row.schema_version = schema_.version;
    row.identity = *step.arguments.find("identity");
    row.owned = *step.arguments.find("after");
    row.exported = exports(step.address, row.owned, row.identity);
    outcome.row = std::move(row);
  }
  co_return std::move(outcome);
}

async::Task<schema::Result<model::Resolution>> EngineOnlyType::resolve(Context,
                                                                       model::Intent) const {
  co_return model::Resolution(model::NotDone());  // engine-only: never leaves an intent
}

}  // namespace pveplan::core
