#include "engine/state_edit.hpp"

#include "engine/diff.hpp"
#include "engine/move_rows.hpp"
#include "engine/step_context.hpp"
#include "providers/async/task_group.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pveplan::engine {

using schema::Choice;
using schema::Resource;
using schema::ResourceAddress;
using schema::Value;

namespace {

/// Where a row goes by `[[moved]]`, through all entries of a chain.
ResourceAddress moved_address(const schema::Topology& topology, ResourceAddress address) {
  for (std::size_t step = 0; step <= topology.moved.size(); ++step) {
    const auto at =
        std::find_if(topology.moved.begin(), topology.moved.end(),
                     [&](const schema::Moved& each) { return covers(each.from, address); });
    if (at == topology.moved.end()) break;
    address = moved(at->from, at->to, address);
  }
  return address;
}

/// A block that got a `count` or `for_each` keeps its object as the instance "1".
ResourceAddress keyed_address(const schema::Topology& topology, const state::StateFile& state,
                              const ResourceAddress& address) {
  if (address.key || topology.find(address) != nullptr) return address;
  auto first = address;
  first.key = "1";
  const auto* resource = topology.find(first);
  const bool repeated =
      resource != nullptr && resource->schema->instances == schema::Instances::single;
  return repeated && state.row(first) == nullptr ? first : address;
}

class Mover {
 public:
  Mover(const schema::Topology& topology, const state::StateFile& state, StateEdit& edit)
      : topology_(topology), state_(state), edit_(edit) {}

  void move() {
    for (const auto& [address, row] : state_.rows) {
      auto to = keyed_address(topology_, state_, moved_address(topology_, address));
      if (to != address) moves_.emplace(address, std::move(to));
    }
    if (moves_.empty()) return;
    edit_.diagnostics.append(taken_targets(state_, moves_, "Give one of the two another address."));
    if (!edit_.diagnostics.has_errors()) carry_out();
  }

 private:
  void carry_out() {
    edit_.state = state_;
    move_rows(*edit_.state, moves_);
    for (const auto& [from, to] : moves_) edit_.changes.moved_from.emplace(to, from);
  }

  const schema::Topology& topology_;
  const state::StateFile& state_;
  StateEdit& edit_;
  RowMoves moves_;
};

/// What was chosen for a living object is what it has, whatever a new one would get. Which secret
/// it has, nobody knows.
Value with_live_choices(const schema::ObjectSchema& object, Value stated, const Value& live) {
  for (const auto& attribute : object.attributes) {
    const Value* is = live.find(attribute.name);
    const schema::Path path({attribute.name});
    if (attribute.type.kind == schema::Type::Kind::keyed_part) {
      const Value* parts = stated.find(attribute.name);
      if (parts == nullptr || !parts->has_fields()) continue;
      Value::Fields known;
      for (const auto& [name, part] : parts->as_fields()) {
        const Value* found = is == nullptr ? nullptr : is->find(name);
        if (found != nullptr)
          known.emplace_back(name, with_live_choices(*attribute.type.object, part, *found));
      }
      stated = stated.with(path, known.empty() ? Value() : Value::map(std::move(known)));
    } else if (attribute.type.kind == schema::Type::Kind::secret) {
      stated = stated.with(path, Value());
    } else if (attribute.type.kind == schema::Type::Kind::object && stated.find(path) != nullptr) {
      const Value none = Value::object({});
      stated = stated.with(path, with_live_choices(*attribute.type.object, *stated.find(path),
                                                   is == nullptr ? none : *is));
    } else if (attribute.choice != Choice::none && is != nullptr) {
      stated = stated.with(path, *is);
    }
  }
  return stated;
}

class Adopter {
 public:
  Adopter(const Services& services, const schema::Topology& topology,
          const model::ClusterFacts& cluster, const state::StateFile& state)
      : cluster_(cluster),
        shared_(services.api),
        backend_(services, cluster, state, topology.name, &shared_) {}

  /// A row to read the object with: parts by the slots that the topology states.
  model::Row provisional(const Resource& resource, const model::Identity& identity,
                         bool importing) const {
    model::Row row;
    row.address = resource.address;
    row.schema_version = resource.schema->version;
    row.identity = identity;
    row.owned =
        with_defaults(resource.schema->object, resource.attributes, false, cluster_.version);
    row.notes = Value::map({{core::kAdopting, Value::string(importing ? "import" : "observe")}});
    for (const auto& attribute : resource.schema->object.attributes) {
      const Value* parts = attribute.type.kind == schema::Type::Kind::keyed_part
                               ? resource.attributes.find(attribute.name)
                               : nullptr;
      if (parts == nullptr || !parts->has_fields()) continue;
      for (const auto& [name, part] : parts->as_fields()) {
        const Value* slot = part.find("slot");
        model::PartRow held;
        if (slot != nullptr) held.identity = Value::map({{"slot", *slot}});
        row.parts.emplace(attribute.name + "." + name, std::move(held));
      }
    }
    return row;
  }

  static model::Row row_of(model::Row row, const Resource& resource,
                           const model::LiveObject& live) {
    row.identity = live.identity;
    row.exported = live.exported;
    row.owned = with_live_choices(resource.schema->object, std::move(row.owned), live.attributes);
    row.observed = resource.lifecycle.observe;
    row.notes = Value();
    for (auto& [name, part] : row.parts) {
      const Value* held = live.attributes.find(schema::Path::parse(name));
      const Value* slot = held == nullptr ? nullptr : held->find("slot");
      if (slot == nullptr) continue;
      part.identity = Value::map({{"slot", *slot}});
      if (const Value* mac = held->find("mac"))
        part.identity = part.identity.with(schema::Path({"mac"}), *mac);
    }
    std::erase_if(row.parts, [](const auto& each) { return each.second.identity.is_null(); });
    return row;
  }

  core::Context context() { return core::Context(backend_); }

 private:
  const model::ClusterFacts& cluster_;
  SharedReads shared_;
  ReadContext backend_;
};

/// What shall be adopted: a block, and its `[[import]]` where it is not only observed.
struct Wanted {
  const Resource* resource = nullptr;
  const schema::Import* entry = nullptr;
};

void add_obstacle(StateEdit& edit, const Wanted& wanted, std::string summary, std::string detail) {
  auto diagnostic =
      schema::error(std::move(summary), std::move(detail),
                    wanted.entry == nullptr ? wanted.resource->span : wanted.entry->span);
  diagnostic.address = wanted.resource->address;
  edit.diagnostics.add(std::move(diagnostic));
}

std::string not_nameable(const Wanted& wanted) {
  if (wanted.entry == nullptr) {
    return fmt::format(
        "{} is only observed, and nothing in its block tells which object it is: "
        "state its number or id.",
        wanted.resource->address.text());
  }
  return fmt::format(
      "\"{}\" is not what Proxmox calls such an object, so {} cannot be imported from "
      "it.",
      wanted.entry->id, wanted.resource->address.text());
}

std::string listed(const model::LiveFacts& facts) {
  const Value* undeclared = facts.find("undeclared");
  std::string text;
  if (undeclared == nullptr || undeclared->kind() != Value::Kind::list) return text;
  for (const auto& each : undeclared->as_list())
    text += (text.empty() ? "" : ", ") + (each.is_string() ? each.as_string() : std::string());
  return text;
}

/// A part whose slot is not stated and that was not found would be made anew, beside its own data.
void check_parts(StateEdit& edit, const Wanted& wanted, const model::Row& row,
                 const model::LiveObject& live) {
  for (const auto& [name, part] : row.parts) {
    const auto path = schema::Path::parse(name);
    if (!part.identity.is_null() || live.attributes.find(path) != nullptr) continue;
    const auto left = listed(live.facts);
    add_obstacle(
        edit, wanted, "Which one is it?",
        fmt::format("Nothing tells which device of the living guest {}.{} is: state its "
                    "slot.{}",
                    wanted.resource->address.text(), name,
                    left.empty() ? "" : " The disks that no line names are " + left + "."));
  }
}

/// What shall be adopted, with what the server answers.
class Adoption {
 public:
  Adoption(const Adopter& adopter, const core::ResourceType& its_type, Wanted what)
      : wanted(what),
        type(its_type),
        id(what.entry == nullptr ? std::string() : what.entry->id),
        identity(its_type.adopted_identity(what.resource->address, what.resource->attributes, id)) {
    if (!identity.is_null())
      row = adopter.provisional(*what.resource, identity, what.entry != nullptr);
  }
  Wanted wanted;
  const core::ResourceType& type;
  std::string id;            ///< as the `[[import]]` names it
  model::Identity identity;  ///< null when nothing tells which object it is
  model::Row row;
  schema::Result<model::ReadOutcome> answer;
};

async::Task<void> read_all(Adopter* adopter, std::vector<Adoption>* adoptions) {
  async::TaskGroup<schema::Result<model::ReadOutcome>> group;
  for (std::size_t i = 0; i < adoptions->size(); ++i) {
    const auto& each = (*adoptions)[i];
    if (each.identity.is_null()) continue;
    group.start(i, each.type.read(adopter->context(), each.identity, &each.row));
  }
  while (!group.empty()) {
    auto finished = co_await group.next();
    (*adoptions)[finished.id].answer = std::move(finished.value);
  }
}

/// The row of one object goes into `edit`, or why there is none.
void adopt(StateEdit& edit, Adoption adoption) {
  const auto& wanted = adoption.wanted;
  const auto& address = wanted.resource->address;
  if (adoption.identity.is_null())
    return add_obstacle(edit, wanted, "Cannot be found", not_nameable(wanted));
  if (!adoption.answer)
    return add_obstacle(edit, wanted, "Cannot be read", adoption.answer.error().detail);
  if (auto* live = std::get_if<model::LiveObject>(&*adoption.answer)) {
    check_parts(edit, wanted, adoption.row, *live);
    edit.state->rows.emplace(address,
                             Adopter::row_of(std::move(adoption.row), *wanted.resource, *live));
    edit.changes.adopted.insert(address);
    if (!adoption.id.empty()) edit.changes.imported_from.emplace(address, adoption.id);
    edit.found.emplace(address, std::move(*live));
  } else if (const auto* hidden = std::get_if<model::Unreadable>(&*adoption.answer)) {
    add_obstacle(edit, wanted, "Cannot be read",
                 fmt::format("{}: {}.", address.text(), hidden->reason));
  } else {
    add_obstacle(edit, wanted, "Does not exist",
                 fmt::format("{} shall be {}, and the cluster has no such object.", address.text(),
                             adoption.id.empty() ? "observed"
                                                 : fmt::format("imported from {}", adoption.id)));
  }
}

std::vector<Wanted> wanted_of(const schema::Topology& topology, const state::StateFile& state) {
  std::map<ResourceAddress, const schema::Import*> imports;
  for (const auto& entry : topology.imports) imports.emplace(entry.to, &entry);
  std::vector<Wanted> wanted;
  for (const auto& resource : topology.resources) {
    const auto entry = imports.find(resource.address);
    const bool meant = resource.lifecycle.observe || entry != imports.end();
    if (meant && state.row(resource.address) == nullptr)
      wanted.push_back({&resource, entry == imports.end() ? nullptr : entry->second});
  }
  return wanted;
}

}  // namespace

void leave_out_adopted(state::StateFile& edited, const SetChanges& changes, const Scope& scope) {
  for (const auto& address : changes.adopted) {
    if (!scope.contains(address)) edited.rows.erase(address);
  }
}

async::Task<StateEdit> edit_state(const Services& services, const schema::Topology& topology,
                                  const state::StateFile& state, const model::ClusterFacts& cluster,
                                  model::PlanMode mode) {
  StateEdit edit;
  if (mode == model::PlanMode::refresh) co_return edit;
  Mover(topology, state, edit).move();
  const auto& current = edit.state ? *edit.state : state;
  for (const auto& entry : topology.removed) {
    if (entry.destroy) continue;
    for (const auto& [address, row] : current.rows) {
      if (covers(entry.address, address)) edit.changes.kept.insert(address);
    }
  }
  if (mode == model::PlanMode::destroy) co_return edit;
  const auto wanted = wanted_of(topology, current);
  if (wanted.empty()) co_return edit;
  if (!edit.state) edit.state = state;
  Adopter adopter(services, topology, cluster, *edit.state);
  std::vector<Adoption> adoptions;
  for (const auto& each : wanted)
    adoptions.emplace_back(adopter, *services.types.find(each.resource->address.type), each);
  co_await read_all(&adopter, &adoptions);
  for (auto& each : adoptions) adopt(edit, std::move(each));
  co_return edit;
}

}  // namespace pveplan::engine
