#include "providers/pve/resources/pool/pool.hpp"

#include "providers/pve/coerce.hpp"
#include "providers/pve/guest/guest_steps.hpp"
#include "providers/pve/resources/pool/codec.hpp"
#include "providers/pve/settle/settle.hpp"

#include <fmt/format.h>

#include <set>

namespace pveplan::pve {
namespace {

using core::ApiFailure;
using core::WriteResult;
using model::Action;
using model::ResolverClass;
using schema::Value;

std::string id_of(const Value& value) { return text_of(value, "id"); }

PoolRoutes routes(core::Context context) { return PoolRoutes(context.cluster().version); }

async::Task<core::ApiResult> look(core::Context context, std::string id) {
  auto request = routes(context).read(id);
  auto answer = co_await context.read(request.path, request.parameters);
  co_return std::move(answer);
}

/// The parts that pveplan can own; an empty comment is none.
Value comparable(const Value& attributes) {
  const auto comment = text_of(attributes, "comment");
  return Value::map(
      {{"id", Value::string(id_of(attributes))}, {"comment", Value::string(comment)}});
}

schema::Diagnostic taken(const schema::ResourceAddress& address, const std::string& id) {
  auto diagnostic = schema::error(
      "The pool exists and is not managed",
      fmt::format("A pool \"{0}\" exists already, and it was not made by this topology. Adopt it "
                  "with an [[import]] of \"{0}\" to {1}, or give the pool another `id`.",
                  id, address.text()));
  diagnostic.address = address;
  return diagnostic;
}

/// Members that no block of this topology stands for: only others can take them out.
Value foreign_members(const core::Context& context, const Value& facts) {
  std::set<std::string> ours;
  for (const char* type : {"vm", "template"}) {
    for (const auto* row : context.rows_of(type))
      ours.insert(fmt::format("qemu/{}", integer_of(row->identity, "vmid")));
  }
  Value::List foreign;
  for (const auto& each : facts.find("members")->as_list()) {
    if (!ours.contains(each.as_string())) foreign.push_back(each);
  }
  return Value::list(std::move(foreign));
}

std::string not_empty(const std::string& id, const std::string& members) {
  return fmt::format("The pool \"{}\" still holds {}. Take them out of it, then apply again.", id,
                     members);
}

std::string listed_members(const Value& members) {
  std::vector<std::string> names;
  for (const auto& each : members.as_list()) names.push_back(each.as_string());
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

const std::vector<model::OperationSpec>& PoolType::operations() const {
  static const std::vector<model::OperationSpec> kOperations = {
      {"create", ResolverClass::keyed_create, std::chrono::seconds(1)},
      {"update", ResolverClass::goal_state, std::chrono::seconds(1)},
      {"delete", ResolverClass::goal_state, std::chrono::seconds(1)},
      {"refuse", ResolverClass::engine_only, std::chrono::seconds(0)},
  };
  return kOperations;
}

model::Identity PoolType::identity(const schema::ResourceAddress& address,
                                   const Value& desired) const {
  const auto id = id_of(desired);
  return Value::map({{"id", Value::string(id.empty() ? address.name : id)}});
}

model::Identity PoolType::adopted_identity(const schema::ResourceAddress& address,
                                           const Value& desired, const std::string& id) const {
  return id.empty() ? identity(address, desired) : Value::map({{"id", Value::string(id)}});
}

Value PoolType::exports(const schema::ResourceAddress&, const Value&,
                        const model::Identity& identity) const {
  return Value::map({{"id", Value::string(id_of(identity))}});
}

async::Task<schema::Result<model::ReadOutcome>> PoolType::read(core::Context context,
                                                               model::Identity identity,
                                                               const model::Row* row) const {
  const auto id = id_of(row == nullptr ? identity : row->identity);
  auto answer = co_await look(context, id);
  if (answer) {
    auto live = pool_from_api(answer->data);
    live.facts = live.facts.with(schema::Path({"foreign"}), foreign_members(context, live.facts));
    co_return model::ReadOutcome(std::move(live));
  }
  if (answer.error().failure == ApiFailure::absent) co_return model::ReadOutcome(model::Absent());
  co_return model::ReadOutcome(unreadable(answer.error()));
}

std::vector<model::Step> PoolType::lower(const model::Change& change) const {
  const bool remove = change.action == Action::remove;
  const auto id = id_of(remove ? change.living_identity() : change.identity);
  const auto arguments = Value::map({{"id", Value::string(id)}, {"after", change.after}});
  const auto step = [&](const char* operation) {
    return make_step(change.address, operation, arguments,
                     fmt::format("{} pool {}", operation, id));
  };
  std::vector<model::Step> steps;
  const auto* foreign = member(change.facts, "foreign");
  if (remove && foreign != nullptr && !foreign->as_list().empty()) {
    const auto reason = Value::string(not_empty(id, listed_members(*foreign)));
    steps.push_back(
        make_step(change.address, "refuse", Value::map({{"reason", reason}}), "refused"));
    steps.back().writes = 0;
    return steps;
  }
  if (remove) steps.push_back(step("delete"));
  if (change.action == Action::create) steps.push_back(step("create"));
  if (change.action == Action::update) steps.push_back(step("update"));
  return steps;
}

model::Outcome PoolType::stored(const schema::ResourceAddress& address,
                                const Value& arguments) const {
  model::Row row;
  row.address = address;
  row.schema_version = schema_.version;
  row.identity = Value::map({{"id", argument(arguments, "id")}});
  row.owned = argument(arguments, "after");
  row.exported = exports(address, row.owned, row.identity);
  model::Outcome outcome;
  outcome.address = address;
  outcome.row = std::move(row);
  return outcome;
}

async::Task<schema::Result<model::Outcome>> PoolType::run(core::Context context,
                                                          model::Step step) const {
  if (step.operation == "create") return run_create(context, std::move(step));
  if (step.operation == "update") return run_update(context, std::move(step));
  if (step.operation == "refuse") return run_refuse(std::move(step));
  return run_delete(context, std::move(step));
}

async::Task<schema::Result<model::Outcome>> PoolType::run_create(core::Context context,
                                                                 model::Step step) const {
  const auto id = id_of(step.arguments);
  auto before = co_await look(context, id);
  if (before) co_return std::unexpected(taken(step.address, id));
  if (before.error().failure != ApiFailure::absent)
    co_return std::unexpected(before.error().diagnostic());
  const auto parameters = pool_parameters(argument(step.arguments, "after"));
  core::Write write(routes(context).create(id, parameters));
  auto result = co_await context.write(std::move(write));
  if (result.status != WriteResult::Status::done)
    co_return std::unexpected(diagnostic_of(result, step.address));
  co_return stored(step.address, step.arguments);
}

async::Task<schema::Result<model::Outcome>> PoolType::run_update(core::Context context,
                                                                 model::Step step) const {
  const auto parameters = pool_parameters(argument(step.arguments, "after"));
  core::Write write(routes(context).update(id_of(step.arguments), parameters));
  auto result = co_await context.write(std::move(write));
  if (result.status != WriteResult::Status::done)
    co_return std::unexpected(diagnostic_of(result, step.address));
  co_return stored(step.address, step.arguments);
}

async::Task<schema::Result<model::Outcome>> PoolType::run_delete(core::Context context,
                                                                 model::Step step) const {
  model::Outcome gone;
  gone.address = step.address;
  const auto id = id_of(step.arguments);
  auto before = co_await look(context, id);
  if (!before && before.error().failure == ApiFailure::absent) co_return gone;
  if (!before) co_return std::unexpected(before.error().diagnostic());
  const auto live = pool_from_api(before->data);
  if (!live.facts.find("members")->as_list().empty()) {
    auto diagnostic = schema::error("The pool is not empty",
                                    not_empty(id, listed_members(*live.facts.find("members"))));
    diagnostic.address = step.address;
    co_return std::unexpected(std::move(diagnostic));
  }
  core::Write write(routes(context).remove(id));
  auto result = co_await context.write(std::move(write));
  if (result.status != WriteResult::Status::done)
    co_return std::unexpected(diagnostic_of(result, step.address));
  co_return gone;
}

async::Task<schema::Result<model::Resolution>> PoolType::resolve(core::Context context,
                                                                 model::Intent intent) const {
  const auto id = id_of(intent.arguments);
  model::Done done;
  done.outcome.address = intent.address;
  if (intent.operation != "delete") done.outcome = stored(intent.address, intent.arguments);
  SettleClock clock(intent);
  for (;;) {
    auto answer = co_await look(context, id);
    const bool absent = !answer && answer.error().failure == ApiFailure::absent;
    if (!answer && !absent) co_return model::Resolution(still_open(answer.error()));
    const bool removed = intent.operation == "delete" && absent;
    const bool ours = answer && intent.operation != "delete" &&
                      comparable(pool_from_api(answer->data).attributes) ==
                          comparable(argument(intent.arguments, "after")
                                         .with(schema::Path::parse("id"), Value::string(id)));
    if (ours || removed) co_return model::Resolution(done);
    if (answer && intent.operation == "create")
      co_return model::Resolution(model::Taken{taken(intent.address, id)});
    if (clock.has_settled(server_time_of(answer))) co_return model::Resolution(model::NotDone());
    co_await context.pause(SettleClock::kPause);
  }
}

}  // namespace pveplan::pve
