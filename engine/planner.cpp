#include "engine/planner.hpp"

#include "engine/diff.hpp"
#include "engine/effects.hpp"
#include "engine/live_fingerprint.hpp"
#include "engine/order.hpp"
#include "engine/refusals.hpp"
#include "engine/remembered_secrets.hpp"
#include "engine/renames.hpp"
#include "engine/waiting.hpp"
#include "schema/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

namespace pveplan::engine {

using model::Action;
using model::Availability;
using model::Change;
using schema::ResourceAddress;
using schema::Value;

namespace {

/// The node of what lives on one: its chosen or stated one, or the key of what each node has.
std::string node_of(const schema::Resource& resource, const ChosenAttributes& chosen) {
  const bool per_node = resource.schema->instances != schema::Instances::single;
  if (per_node) return resource.address.key.value_or("");
  const auto at = chosen.find(resource.address);
  const auto& attributes = at == chosen.end() ? resource.attributes : at->second;
  const Value* node = attributes.find("node");
  return node != nullptr && node->is_string() ? node->as_string() : std::string();
}

class GraphMaker {
 public:
  GraphMaker(const schema::Topology& topology, const ChosenAttributes& chosen)
      : topology_(topology), chosen_(chosen) {}

  ResourceGraph make() {
    for (const auto& resource : topology_.resources) {
      groups_[resource.address.group()].push_back(graph_.add(resource.address));
    }
    for (const auto& resource : topology_.resources) {
      const auto from = *graph_.find(resource.address);
      for (const auto& dependency : resource.dependencies) {
        for (const auto target : targets(resource, dependency))
          graph_.add_edge(from, {target, dependency.attribute, dependency.span});
      }
    }
    return std::move(graph_);
  }

 private:
  /// A target without a key means every instance, but of what each node has only the copy of the
  /// own node.
  std::vector<ResourceGraph::Vertex> targets(const schema::Resource& resource,
                                             const schema::Dependency& dependency) const {
    if (const auto one = graph_.find(dependency.target)) return {*one};
    const auto group = groups_.find(dependency.target);
    if (group == groups_.end()) return {};
    const auto& schema = *topology_.find(graph_.address(group->second.front()))->schema;
    const auto node = node_of(resource, chosen_);
    if (schema.instances == schema::Instances::single || node.empty()) return group->second;
    auto copy = dependency.target;
    copy.key = node;
    if (const auto own = graph_.find(copy)) return {*own};
    return group->second;
  }

  const schema::Topology& topology_;
  const ChosenAttributes& chosen_;
  ResourceGraph graph_;
  std::map<ResourceAddress, std::vector<ResourceGraph::Vertex>> groups_;
};

}  // namespace

ResourceGraph make_graph(const schema::Topology& topology, const ChosenAttributes& chosen) {
  return GraphMaker(topology, chosen).make();
}

const Value& desired_attributes(const PlanInput& input, const schema::Resource& resource) {
  const auto at = input.chosen.find(resource.address);
  return at == input.chosen.end() ? resource.attributes : at->second;
}

namespace {

bool glob(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool matches_any(const ResourceAddress& address, const std::vector<std::string>& globs) {
  return std::any_of(globs.begin(), globs.end(),
                     [&address](const std::string& each) { return matches_glob(address, each); });
}

/// Walks the resources in dependency order and collects their changes.
class Planner final : public Exports {
 public:
  explicit Planner(const PlanInput& input) : input_(input) {
    const auto most = input.topology.resources.size();
    desired_.reserve(most);
    exports_.reserve(most);
    if (input.rows.empty()) result_.plan.changes.reserve(most);  // everything will be new
    for (const auto& resource : input.topology.resources) {
      desired_.insert(resource.address);
      groups_[resource.address.group()].push_back(resource.address);
    }
    for (auto& [group, members] : groups_) std::sort(members.begin(), members.end());
  }

  Planned plan() {
    if (input_.request.mode == model::PlanMode::converge) {
      for (const auto vertex : input_.order)
        consider(*input_.topology.find(input_.graph.address(vertex)));
    }
    for (const auto& [address, row] : input_.rows) {
      const bool wanted =
          input_.request.mode == model::PlanMode::converge && desired_.contains(address);
      if (!wanted) consider_removal(row);
    }
    finish();
    return std::move(result_);
  }

  // Exports
  const Value* find(const ResourceAddress& address) const override {
    const auto at = exports_.find(address);
    return at == exports_.end() ? nullptr : &at->second;
  }
  std::vector<ResourceAddress> instances(const ResourceAddress& group) const override {
    const auto at = groups_.find(group);
    return at == groups_.end() ? std::vector<ResourceAddress>() : at->second;
  }

 private:
  const core::ResourceType& type_of(const ResourceAddress& address) const {
    return *input_.types.find(address.type);
  }

  void consider(const schema::Resource& resource) {
    const auto attributes = resolve_references(desired_attributes(input_, resource), *this);
    const auto row = input_.rows.find(resource.address);
    const auto live = input_.live.objects.find(resource.address);
    if (live != input_.live.objects.end()) {
      if (const auto* unreadable = std::get_if<model::Unreadable>(&live->second)) {
        result_.plan.unknown.push_back({resource.address, unreadable->reason});
        if (row != input_.rows.end()) exports_[resource.address] = row->second.exported;
        return;
      }
    }
    const auto* object =
        live == input_.live.objects.end() ? nullptr : std::get_if<model::LiveObject>(&live->second);
    if (row == input_.rows.end()) {
      if (object != nullptr) {
        refuse_unmanaged(resource, *object);
      } else {
        create(resource, attributes, "");
      }
    } else if (object == nullptr && resource.lifecycle.observe) {
      result_.plan.drift.push_back({resource.address, schema::Path(), row->second.owned, Value(),
                                    attributes, "is gone; only observed: left as it is"});
      exports_[resource.address] = row->second.exported;
    } else if (object == nullptr) {
      result_.plan.drift.push_back({resource.address, schema::Path(), row->second.owned, Value(),
                                    attributes, "is gone; it will be created again"});
      create(resource, attributes, "it no longer exists");
    } else {
      compare(resource, attributes, {row->second, *object});
    }
  }

  /// A managed object as the state and the server know it.
  struct Known {
    const model::Row& row;
    const model::LiveObject& live;
  };

  /// Both sides with the secrets that the state only has digests of.
  struct Seen {
    Value owned, attributes, exported;
  };
  Seen see(const Value& wanted, const Known& known) const {
    const auto& exported = known.live.exported.is_null() ? known.row.exported : known.live.exported;
    SecretsByDigest secrets;
    if (input_.digest) collect_secrets(wanted, input_.digest, secrets);
    if (secrets.empty()) return {known.row.owned, known.live.attributes, exported};
    return {with_secrets(known.row.owned, secrets), with_secrets(known.live.attributes, secrets),
            with_secrets(exported, secrets)};
  }

  /// What an `[[import]]` entry calls the object.
  static std::string import_id(const model::Identity& identity) {
    for (const char* name : {"vmid", "iface", "id"}) {
      const Value* held = identity.find(name);
      if (held == nullptr) continue;
      return held->is_string() ? schema::to_json(*held) : '"' + schema::to_json(*held) + '"';
    }
    return "its id";
  }

  void refuse_unmanaged(const schema::Resource& resource, const model::LiveObject& object) {
    auto diagnostic = schema::error(
        "Exists and is not managed",
        fmt::format(
            "{0} exists already ({1}) and was not created by this topology. Choose another id, "
            "remove the object, or take it over with [[import]], to = \"{0}\" and id = {2}.",
            resource.address.text(), schema::to_json(object.identity), import_id(object.identity)),
        resource.span);
    diagnostic.address = resource.address;
    result_.diagnostics.add(std::move(diagnostic));
  }

  void create(const schema::Resource& resource, const Value& attributes, std::string reason) {
    const auto& type = type_of(resource.address);
    Change change;
    change.address = resource.address;
    change.action = Action::create;
    change.after = with_defaults(type.schema().object, attributes, true, input_.cluster.version);
    change.identity = type.identity(resource.address, change.after);
    change.attributes = difference_of_new(type.schema().object, change.after).changes;
    change.reason = std::move(reason);
    if (reloads_network(type.schema().object))
      change.effects.interrupts_node = text_of(change.identity.find("node"));
    change.dependencies = direct_dependencies(resource.address);
    change.exported = type.exports(resource.address, change.after, change.identity);
    exports_[resource.address] = change.exported;
    result_.plan.changes.push_back(std::move(change));
  }

  void compare(const schema::Resource& resource, const Value& attributes, const Known& known) {
    const auto& row = known.row;
    const auto& live = known.live;
    const auto seen = see(attributes, known);
    const auto& type = type_of(resource.address);
    const bool waits_for_nothing =
        live.running.is_null() && live.facts.find("awaits_start") == nullptr;
    const bool moved = live.identity.find("node") != nullptr && live.identity != row.identity;
    if (row.status == model::RowStatus::ok && attributes == seen.owned &&
        seen.attributes == seen.owned && waits_for_nothing && !moved &&
        !is_new_here(resource.address)) {
      unchanged(resource, known, seen.exported);  // the common case, without walking the schema
      return;
    }
    auto visible = live;
    visible.attributes = seen.attributes;
    auto difference = engine::difference(type.schema().object,
                                         {attributes, resource.unset, resource.lifecycle.ignore},
                                         seen.owned, visible, input_.cluster.version);
    if (resource.lifecycle.observe)
      return observe(resource, known, seen.exported, std::move(difference));
    if (input_.set_changes.adopted.contains(resource.address)) difference.drift.clear();
    for (auto& drift : difference.drift) {
      drift.address = resource.address;
      result_.plan.drift.push_back(std::move(drift));
    }
    note_move(resource, row, live);
    const bool resumes = row.status == model::RowStatus::incomplete;
    const auto waits = waiting_for_restart(type.schema().object, live);
    const bool restarts = !waits.empty() && restart_allowed(resource.address, attributes);
    if (!waits.empty() && !restarts && difference.changes.empty())
      result_.plan.waiting.emplace_back(resource.address, waits);
    const bool alike = difference.changes.empty() && !resumes && !restarts;
    if (alike && !is_new_here(resource.address)) {
      unchanged(resource, known, seen.exported);
      return;
    }
    Change change;
    change.address = resource.address;
    change.action = difference.forces_replace ? Action::replace : Action::update;
    if (alike) change.action = Action::no_op;
    name_origin(change);
    change.identity = live.identity;
    change.before = seen.attributes;
    change.after = std::move(difference.after);
    change.attributes = std::move(difference.changes);
    change.facts = live.facts;
    change.resumes = resumes;
    change.dependencies = direct_dependencies(resource.address);
    if (resumes) change.notes.push_back("resumes: created, not finished");
    if (restarts) {
      change.notes.push_back("brings into effect: " + waits);
      change.effects.availability = Availability::restart;
    }
    if (change.action == Action::replace) {
      change.after =
          with_defaults(type.schema().object, change.after, true, input_.cluster.version);
      change.identity = type.identity(resource.address, change.after);
    }
    merge_effects(change);
    note_new_instance(change);
    if (change.action == Action::replace)
      change.effects.merge(removal_effects(type.schema().object, live.facts));
    change.fingerprint = live_fingerprint(type, row, live, change.effects);
    change.exported = type.exports(resource.address, change.after, change.identity);
    exports_[resource.address] = change.exported;
    result_.plan.changes.push_back(std::move(change));
  }

  void note_new_instance(Change& change) const {
    const auto& object = type_of(change.address).schema().object;
    const bool noticed =
        std::any_of(change.attributes.begin(), change.attributes.end(), [&](const auto& attribute) {
          return makes_new_instance(object, attribute, change.before, change.after);
        });
    if (!noticed) return;
    change.notes.push_back(
        "at the next start cloud-init sees a new instance and makes new SSH host keys");
    auto ruled = effect_of(schema::EffectRule::cloud_init, ChangeKind::set, change.facts);
    wait_unless_allowed(change, ruled.effects);
    change.effects.merge(ruled.effects);
  }

  /// What needs a restart that nobody allows stays pending.
  void wait_unless_allowed(const Change& change, model::Effects& effects) const {
    if (effects.availability != Availability::restart) return;
    if (restart_allowed(change.address, change.after)) return;
    effects.availability = Availability::none;
    effects.waits_for_restart = true;
  }

  /// What differs is told as drift, and nothing is planned.
  void observe(const schema::Resource& resource, const Known& known, const Value& exported,
               Difference difference) {
    const auto& [row, live] = known;
    for (auto& change : difference.changes) {
      if (change.released) continue;
      model::Drift drift;
      drift.address = resource.address;
      drift.path = std::move(change.path);
      const Value* was = row.owned.find(drift.path);
      const bool remembered = was != nullptr && !input_.set_changes.adopted.contains(row.address);
      if (remembered) drift.was = *was;
      drift.is = std::move(change.before);
      drift.wanted = std::move(change.after);
      drift.note = "only observed: left as it is";
      result_.plan.drift.push_back(std::move(drift));
    }
    note_move(resource, row, live);
    unchanged(resource, known, exported);
  }

  /// A guest that runs elsewhere is shown and left there (LANGUAGE 10).
  void note_move(const schema::Resource& resource, const model::Row& row,
                 const model::LiveObject& live) {
    const Value* was = row.owned.find("node");
    const Value* is = live.identity.find("node");
    if (was == nullptr || is == nullptr || *was == *is) return;
    result_.plan.drift.push_back(
        {resource.address, schema::Path({"node"}), *was, *is, *was, "left as it is"});
  }

  /// Whether the row came under this address with this plan.
  bool is_new_here(const ResourceAddress& address) const {
    const auto& changes = input_.set_changes;
    return changes.moved_from.contains(address) || changes.imported_from.contains(address);
  }
  void name_origin(Change& change) const {
    const auto& [moved_from, imported_from, adopted, kept] = input_.set_changes;
    const auto move = moved_from.find(change.address);
    if (move != moved_from.end()) change.moved_from = move->second.text();
    const auto import = imported_from.find(change.address);
    if (import != imported_from.end()) change.imported_from = import->second;
  }

  void unchanged(const schema::Resource& resource, const Known& known, const Value& seen) {
    const auto& [row, live] = known;
    ++result_.plan.matching;
    exports_[resource.address] = seen;
    auto dependencies = direct_dependencies(resource.address);
    const auto& exported = live.exported.is_null() ? row.exported : live.exported;
    const bool observed = resource.lifecycle.observe;
    if (dependencies == row.dependencies && exported == row.exported &&
        live.identity == row.identity && observed == row.observed)
      return;
    auto silent = row;
    silent.observed = observed;
    silent.dependencies = std::move(dependencies);
    silent.exported = exported;
    silent.identity = live.identity;
    result_.silent_rows.push_back(std::move(silent));
  }

  bool restart_allowed(const ResourceAddress& address, const Value& attributes) const {
    return matches_any(address, input_.request.restart) ||
           text_of(attributes.find("restart")) == "now";
  }

  void merge_effects(Change& change) const {
    for (auto& attribute : change.attributes) {
      wait_unless_allowed(change, attribute.effects);
      change.effects.merge(attribute.effects);
    }
  }

  static std::string text_of(const Value* value) {
    return value != nullptr && value->is_string() ? value->as_string() : std::string();
  }

  void consider_removal(const model::Row& row) {
    const auto live = input_.live.objects.find(row.address);
    const model::ReadOutcome absent = model::Absent();
    const auto& outcome = live == input_.live.objects.end() ? absent : live->second;
    if (const auto* unreadable = std::get_if<model::Unreadable>(&outcome)) {
      result_.plan.unknown.push_back({row.address, unreadable->reason});
      return;
    }
    Change change;
    change.address = row.address;
    change.identity = row.identity;
    const auto* resource = input_.topology.find(row.address);
    if (row.observed || (resource != nullptr && resource->lifecycle.observe)) {
      forget_living(change, row, outcome, "was only observed; it stays as it is");
    } else if (input_.set_changes.kept.contains(row.address)) {
      forget_living(change, row, outcome, "stays as it is: [[removed]] says destroy = false");
    } else if (const auto* object = std::get_if<model::LiveObject>(&outcome)) {
      const auto& type = type_of(row.address);
      change.action = Action::remove;
      change.before = object->attributes;
      change.identity = object->identity;
      change.facts = object->facts;
      change.effects = removal_effects(type.schema().object, object->facts);
      change.fingerprint = live_fingerprint(type, row, *object, change.effects);
    } else {
      change.action = Action::forget;
      change.notes.push_back("is gone already");
    }
    change.reason = removal_reason(row.address);
    result_.plan.changes.push_back(std::move(change));
  }

  void forget_living(Change& change, const model::Row& row, const model::ReadOutcome& outcome,
                     const char* why) const {
    change.action = Action::forget;
    change.notes.push_back(why);
    if (const auto* object = std::get_if<model::LiveObject>(&outcome))
      change.fingerprint = live_fingerprint(type_of(row.address), row, *object, change.effects);
  }

  std::string removal_reason(const ResourceAddress& address) const {
    if (input_.request.mode == model::PlanMode::destroy) return "destroy was asked for";
    const auto group = address.group();
    if (!groups_.contains(group))
      return fmt::format("[{}] is no longer in the topology", group.text());
    if (!address.key) return fmt::format("[{}] has keys now", group.text());
    return fmt::format("[{}] has no key \"{}\" any more", group.text(), *address.key);
  }

  std::vector<ResourceAddress> direct_dependencies(const ResourceAddress& address) const {
    std::vector<ResourceAddress> result;
    if (const auto vertex = input_.graph.find(address)) {
      for (const auto& edge : input_.graph.needs(*vertex))
        result.push_back(input_.graph.address(edge.target));
    }
    std::sort(result.begin(), result.end());
    return result;
  }

  void finish() {
    auto& plan = result_.plan;
    plan.mode = input_.request.mode;
    plan.allowed = input_.request.allow_data_loss;
    plan.restarts = input_.request.restart;
    std::sort(plan.changes.begin(), plan.changes.end(),
              [](const Change& a, const Change& b) { return a.address < b.address; });
    std::map<ResourceAddress, std::vector<ResourceAddress>> old_dependencies;
    for (const auto& [address, row] : input_.rows) {
      if (!row.dependencies.empty()) old_dependencies.emplace(address, row.dependencies);
    }
    const auto pools = managed_pools();
    for (const auto& change : plan.changes) {
      const auto pool = pools.find(text_of(change.facts.find("pool")));
      if (pool != pools.end()) old_dependencies[change.address].push_back(pool->second);
    }
    plan.steps =
        order_steps({plan.changes, input_.graph, input_.order, old_dependencies, input_.types});
    for (const auto& change : plan.changes) require_permission(change);
    refuse(input_, result_);
    plan.warnings = likely_renames(input_, plan);
    warn_of_globs("--allow data-loss=", input_.request.allow_data_loss);
    warn_of_globs("--restart ", input_.request.restart);
  }

  /// By id. A guest's pool, whether or not the topology still says so, cannot go before the guest.
  std::map<std::string, ResourceAddress> managed_pools() const {
    std::map<std::string, ResourceAddress> pools;
    for (const auto& [address, row] : input_.rows) {
      const auto id = text_of(row.identity.find("id"));
      if (address.type == "pool" && !id.empty()) pools.emplace(id, address);
    }
    return pools;
  }

  /// A mistyped address allows nothing, and nobody would notice.
  void warn_of_globs(const char* option, const std::vector<std::string>& globs) {
    for (const auto& each : globs) {
      const auto meant = [&each](const auto& known) {
        return matches_glob(address_in(known), each);
      };
      if (std::any_of(desired_.begin(), desired_.end(), meant)) continue;
      if (std::any_of(input_.rows.begin(), input_.rows.end(), meant)) continue;
      result_.plan.warnings.push_back(schema::warning(
          "Matches nothing",
          fmt::format("{}{} names no resource of the topology or the state.", option, each)));
    }
  }
  static const ResourceAddress& address_in(const ResourceAddress& address) { return address; }
  static const ResourceAddress& address_in(const Rows::value_type& row) { return row.first; }

  void require_permission(const Change& change) {
    if (!change.effects.loses_data() || matches_any(change.address, input_.request.allow_data_loss))
      return;
    // The plan shows it; apply refuses it (DEFINITIONS 7).
    result_.plan.needs_permission.push_back(change.address);
  }

  const PlanInput& input_;
  std::unordered_set<ResourceAddress> desired_;
  std::map<ResourceAddress, std::vector<ResourceAddress>> groups_;
  std::unordered_map<ResourceAddress, Value> exports_;
  Planned result_;
};

}  // namespace

bool matches_glob(const ResourceAddress& address, std::string_view pattern) {
  // Brackets are literal in a pattern: `vm.db[*]` names every key.
  return glob(pattern, address.text()) || glob(pattern, address.shell_text());
}

Planned make_plan(const PlanInput& input) { return Planner(input).plan(); }

}  // namespace pveplan::engine
