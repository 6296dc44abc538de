#include "engine/plan_form.hpp"
#include "state/members.hpp"
#include "state/state_v1.hpp"

#include <fmt/format.h>

#include <array>
#include <limits>

namespace pveplan::engine {

using schema::Value;
using state::Members;

namespace {

/// Reads a form back. Every function goes on after a fault, which is remembered once.
class FormReader {
 public:
  FormReader(const SecretsByDigest& secrets, std::vector<std::string>& missing)
      : secrets_(secrets), missing_(missing) {}

  SavedPlan body(const Value& form) {
    SavedPlan saved;
    Members members(form);
    read(members.value("plan"), saved.plan);
    for (const auto& each : members.list("silent_rows")) saved.silent_rows.push_back(row(each));
    read_all(members, "variables", saved.variables);
    check(members, "the plan");
    check_steps(saved.plan);
    return saved;
  }

  const std::string& problem() const { return problem_; }

 private:
  void fault(std::string text) {
    if (problem_.empty()) problem_ = std::move(text);
  }

  /// The end of every object: nothing of a wrong type, nothing left over.
  void check(const Members& members, std::string_view where) {
    if (!members.wrong().empty())
      fault(fmt::format("\"{}\" of {} is not as it must be", members.wrong(), where));
    const auto rest = members.rest();
    if (!rest.is_null())
      fault(fmt::format("{} has the unknown member \"{}\"", where, rest.as_fields().front().first));
  }

  /// What the executor uses: a secret in it must be known.
  Value value(Members& members, const char* name) { return value(members, name, missing_); }
  /// What is only shown: secrets stay hidden.
  Value shown(Members& members, const char* name) {
    std::vector<std::string> hidden;
    return value(members, name, hidden);
  }
  Value value(Members& members, const char* name, std::vector<std::string>& missing) {
    auto result = from_plan_value(members.value(name), secrets_, missing);
    if (result) return std::move(*result);
    members.reject(name);
    return {};
  }

  schema::ResourceAddress address(const std::string& text) {
    auto parsed = schema::parse_address(text);
    if (parsed) return std::move(*parsed);
    fault(fmt::format("\"{}\" is no address", text));
    return {};
  }
  schema::ResourceAddress address(Members& members) { return address(members.text("address")); }

  template <typename T>
  void read_all(Members& members, const char* name, std::vector<T>& out) {
    for (const auto& form : members.list(name)) read(form, out.emplace_back());
  }

  std::vector<schema::ResourceAddress> addresses(Members& members, const char* name) {
    std::vector<schema::ResourceAddress> result;
    for (const auto& text : members.texts(name)) result.push_back(address(text));
    return result;
  }

  template <typename Enum, std::size_t kSize>
  Enum word(Members& members, const char* name, const std::array<Enum, kSize>& all) {
    const auto text = members.text(name);
    for (const auto each : all) {
      if (model::name(each) == text) return each;
    }
    members.reject(name);
    return all[0];
  }

  std::uint32_t small(Members& members, const char* name) {
    const auto number = members.number(name);
    if (number <= std::numeric_limits<std::uint32_t>::max())
      return static_cast<std::uint32_t>(number);
    members.reject(name);
    return 0;
  }

  void read(const Value& form, model::Plan& plan) {
    Members members(form);
    constexpr std::array kModes = {model::PlanMode::converge, model::PlanMode::destroy,
                                   model::PlanMode::refresh};
    plan.mode = word(members, "mode", kModes);
    read(members.value("origin"), plan.origin);
    read_all(members, "changes", plan.changes);
    read_all(members, "steps", plan.steps);
    read_all(members, "drift", plan.drift);
    read_all(members, "unknown", plan.unknown);
    for (const auto& each : members.list("open_intents")) plan.open_intents.push_back(intent(each));
    plan.allowed = members.texts("allowed");
    plan.restarts = members.texts("restarts");
    plan.targets = members.texts("targets");
    plan.excludes = members.texts("excludes");
    plan.replaces = members.texts("replaces");
    plan.left_out = members.number("left_out");
    plan.refreshed = !members.flag("unrefreshed");
    plan.needs_permission = addresses(members, "needs_permission");
    plan.matching = members.number("matching");
    plan.waiting = addressed_texts(members, "waiting", "a waiting guest");
    plan.older = addressed_texts(members, "older", "what was made from an older version");
    read_all(members, "postponed", plan.postponed);
    plan.reads = members.number("reads");
    plan.extra_reads = members.number("extra_reads");
    plan.unmanaged_guests = members.number("unmanaged_guests");
    plan.capacity = members.texts("capacity");
    read_all(members, "warnings", plan.warnings);
    check(members, "the plan");
  }

  std::vector<std::pair<schema::ResourceAddress, std::string>> addressed_texts(Members& members,
                                                                               const char* name,
                                                                               const char* what) {
    std::vector<std::pair<schema::ResourceAddress, std::string>> result;
    for (const auto& form : members.list(name)) {
      Members each(form);
      auto who = address(each);
      result.emplace_back(std::move(who), each.text("what"));
      check(each, what);
    }
    return result;
  }

  void read(const Value& form, model::PlanOrigin& origin) {
    Members members(form);
    origin.topology = members.text("topology");
    origin.cluster = members.text("cluster");
    origin.cluster_name = members.text("cluster_name");
    origin.lineage = members.text("lineage");
    origin.serial = members.number("serial");
    origin.topology_digest = members.text("topology_digest");
    origin.server_version = members.text("server_version");
    origin.nodes_online = small(members, "nodes_online");
    origin.nodes = small(members, "nodes");
    if (origin.topology.empty()) members.reject("topology");
    check(members, "the plan's origin");
  }

  void read(const Value& form, model::Change& change) {
    Members members(form);
    change.address = address(members);
    change.action = action(members);
    change.identity = value(members, "identity");
    change.before = shown(members, "before");
    change.after = value(members, "after");
    change.exported = value(members, "exported");
    read_all(members, "attributes", change.attributes);
    read(members.value("effects"), change.effects);
    change.reason = members.text("reason");
    change.notes = members.texts("notes");
    change.warnings = members.texts("warnings");
    change.also = members.texts("also");
    if (const auto& backup = members.value("backup"); !backup.is_null())
      read(backup, change.backup.emplace());
    change.fingerprint = members.text("fingerprint");
    change.facts = value(members, "facts");
    change.resumes = members.flag("resumes");
    change.moved_from = members.text("moved_from");
    change.imported_from = members.text("imported_from");
    change.dependencies = addresses(members, "dependencies");
    check(members, "the change of " + change.address.text());
  }

  model::Action action(Members& members) {
    using model::Action;
    static constexpr std::array kActions = {Action::create, Action::update, Action::replace,
                                            Action::remove, Action::forget, Action::no_op};
    return word(members, "action", kActions);
  }

  void read(const Value& form, model::Backup& backup) {
    Members members(form);
    backup.seen.volume = members.text("volume");
    backup.seen.storage = members.text("storage");
    backup.seen.taken_at = static_cast<std::int64_t>(members.number("taken_at"));
    backup.seen.verified = members.flag("verified");
    backup.seen.looked_at = members.texts("looked_at");
    backup.seen.hidden = members.texts("hidden");
    backup.covers = members.texts("covers");
    backup.leaves_out = members.texts("leaves_out");
    check(members, "what is known of backups");
  }

  void read(const Value& form, model::Postponed& postponed) {
    Members members(form);
    postponed.address = address(members);
    postponed.action = action(members);
    postponed.reason = members.text("reason");
    postponed.blocker = address(members.text("blocker"));
    check(members, "what is postponed");
  }

  void read(const Value& form, model::AttributeChange& attribute) {
    Members members(form);
    attribute.path = schema::Path(members.texts("path"));
    attribute.before = shown(members, "before");
    attribute.after = shown(members, "after");
    read(members.value("effects"), attribute.effects);
    attribute.sensitive = members.flag("sensitive");
    attribute.forces_replace = members.flag("forces_replace");
    attribute.released = members.flag("released");
    attribute.note = members.text("note");
    check(members, "an attribute");
  }

  void read(const Value& form, model::Effects& effects) {
    using model::Availability;
    static constexpr std::array kAll = {Availability::none, Availability::live,
                                        Availability::disturb, Availability::restart,
                                        Availability::stop};
    Members members(form);
    effects.availability = word(members, "availability", kAll);
    read_all(members, "data", effects.data);
    effects.waits_for_restart = members.flag("waits_for_restart");
    effects.interrupts_node = members.text("interrupts_node");
    effects.may_lock_out = members.flag("may_lock_out");
    effects.lost_snapshots = members.texts("lost_snapshots");
    check(members, "an effect");
  }

  void read(const Value& form, model::DataEffect& effect) {
    Members members(form);
    const auto kind = members.text("kind");
    if (kind != "loss" && kind != "copy") members.reject("kind");
    effect.kind = kind == "copy" ? model::DataEffect::Kind::copy : model::DataEffect::Kind::loss;
    effect.bytes = members.number("bytes");
    effect.volume = members.text("volume");
    check(members, "an effect on data");
  }

  void read(const Value& form, model::Step& step) {
    Members members(form);
    step.id = small(members, "id");
    step.address = address(members);
    step.operation = members.text("operation");
    step.arguments = value(members, "arguments");
    for (const auto each : members.integers("needs")) {
      if (each < 0 || each > std::numeric_limits<model::Step::Id>::max()) members.reject("needs");
      step.dependencies.push_back(static_cast<model::Step::Id>(each));
    }
    step.pools = members.texts("pools");
    step.summary = members.text("summary");
    step.brief = members.text("brief");
    step.writes = small(members, "writes");
    check(members, "a step of " + step.address.text());
  }

  void read(const Value& form, model::Drift& drift) {
    Members members(form);
    drift.address = address(members);
    drift.path = schema::Path(members.texts("path"));
    drift.was = shown(members, "was");
    drift.is = shown(members, "is");
    drift.wanted = shown(members, "wanted");
    drift.note = members.text("note");
    check(members, "the drift of " + drift.address.text());
  }

  void read(const Value& form, model::UnknownObject& object) {
    Members members(form);
    object.address = address(members);
    object.reason = members.text("reason");
    if (const auto blocker = members.text("blocker"); !blocker.empty())
      object.blocker = address(blocker);
    check(members, "an object that could not be read");
  }

  void read(const Value& form, schema::Diagnostic& diagnostic) {
    Members members(form);
    diagnostic = schema::warning(members.text("summary"), members.text("detail"));
    const auto where = members.text("address");
    if (!where.empty()) diagnostic.address = address(where);
    check(members, "a warning");
  }

  void read(const Value& form, SavedVariable& variable) {
    Members members(form);
    variable.name = members.text("name");
    variable.value = shown(members, "value");
    variable.origin = members.text("origin");
    check(members, "a variable");
  }

  model::Row row(const Value& form) {
    auto read = state::v1::row_from(form);
    if (read) {
      auto memory = state::v1::to_memory(std::move(*read));
      if (memory && memory->unknown.is_null()) return std::move(memory->row);
    }
    fault("a row of the state is not as it must be");
    return {};
  }

  model::Intent intent(const Value& form) {
    auto read = state::v1::intent_from(form);
    if (read) {
      auto memory = state::v1::to_memory(std::move(*read));
      if (memory && memory->unknown.is_null()) return std::move(memory->intent);
    }
    fault("an open intent is not as it must be");
    return {};
  }

  /// Ids are indices, and nothing waits for a step that does not exist.
  void check_steps(const model::Plan& plan) {
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
      const auto& step = plan.steps[i];
      bool fits = step.id == i;
      for (const auto need : step.dependencies)
        fits = fits && need < plan.steps.size() && need != i;
      if (!fits) fault(fmt::format("step {} does not fit into the plan", i));
    }
  }

  const SecretsByDigest& secrets_;
  std::vector<std::string>& missing_;
  std::string problem_;
};

}  // namespace

std::expected<SavedPlan, std::string> plan_from_form(const Value& body,
                                                     const SecretsByDigest& secrets,
                                                     std::vector<std::string>& missing) {
  FormReader reader(secrets, missing);
  auto saved = reader.body(body);
  if (!reader.problem().empty()) return std::unexpected(reader.problem());
  return saved;
}

}  // namespace pveplan::engine
