#include "providers/core/resources/record/record.hpp"

namespace pveplan::core {

using model::Action;
using schema::Value;

const std::vector<model::OperationSpec>& RecordType::operations() const {
  static const std::vector<model::OperationSpec> kOperations = {
      {"store", model::ResolverClass::engine_only, std::chrono::seconds(0)},
      {"forget", model::ResolverClass::engine_only, std::chrono::seconds(0)},
  };
  return kOperations;
}

model::Identity RecordType::identity(const schema::ResourceAddress&, const Value& desired) const {
  const Value* id = desired.find("id");
  return id != nullptr ? Value::map({{"id", *id}}) : Value();
}

Value RecordType::exports(const schema::ResourceAddress&, const Value& after,
                          const model::Identity& identity) const {
  const Value* id = identity.find("id");
  const Value* input = after.find("input");
  return Value::map(
      {{"id", id != nullptr ? *id : Value()}, {"output", input != nullptr ? *input : Value()}});
}

async::Task<schema::Result<model::ReadOutcome>> RecordType::read(Context, model::Identity identity,
                                                                 const model::Row* row) const {
  if (row == nullptr) co_return model::ReadOutcome(model::Absent());
  model::LiveObject live;
  live.identity = identity;
  live.attributes = row->owned;
  live.exported = row->exported;
  co_return model::ReadOutcome(std::move(live));
}

std::vector<model::Step> RecordType::lower(const model::Change& change) const {
  model::Step step;
  step.address = change.address;
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

async::Task<schema::Result<model::Outcome>> RecordType::run(Context, model::Step step) const {
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

async::Task<schema::Result<model::Resolution>> RecordType::resolve(Context, model::Intent) const {
  co_return model::Resolution(model::NotDone());  // engine-only: never leaves an intent
}

}  // namespace pveplan::core
