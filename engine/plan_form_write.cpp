#include "engine/plan_form.hpp"
#include "state/members.hpp"
#include "state/state_v1.hpp"
#include "state/stored_form.hpp"

namespace pveplan::engine {

using schema::Value;
using state::MemberWriter;
using state::text_list;

namespace {

/// Writes each type by its structured binding: a new member breaks the build until it has a place.
class FormWriter {
 public:
  explicit FormWriter(const SecretDigest& digest) : digest_(digest) {}

  Value body(const SavedPlan& saved) const {
    const auto& [plan, silent_rows, variables, program, created_at, id] = saved;
    MemberWriter writer;
    writer.put("plan", write(plan));
    Value::List rows;
    for (const auto& row : silent_rows)
      rows.push_back(state::v1::to_value(state::v1::from_memory(state::stored_form(row), Value())));
    writer.put("silent_rows", std::move(rows));
    writer.put("variables", all(variables));
    return writer.take();
  }

 private:
  template <typename T>
  Value::List all(const std::vector<T>& items) const {
    Value::List list;
    list.reserve(items.size());
    for (const auto& item : items) list.push_back(write(item));
    return list;
  }

  /// A secret attribute hides its values even where these carry no mark.
  Value value(const Value& value, bool sensitive = false) const {
    const bool marks = sensitive && value.is_string() && !value.sensitive();
    return to_plan_value(marks ? value.as_sensitive() : value, digest_);
  }

  static Value flag(bool value) { return value ? Value::boolean(true) : Value(); }
  static Value path(const schema::Path& path) { return Value::list(text_list(path.steps())); }

  Value write(const model::Plan& plan) const {
    const auto& [mode, origin, changes, steps, drift, unknown, open_intents, allowed, restarts,
                 targets, excludes, replaces, left_out, refreshed, needs_permission, matching,
                 waiting, older, postponed, reads, extra_reads, unmanaged_guests, capacity,
                 warnings] = plan;
    MemberWriter writer;
    writer.put("mode", std::string(model::name(mode)));
    writer.put("origin", write(origin));
    writer.put("changes", all(changes));
    writer.put("steps", all(steps));
    writer.put("drift", all(drift));
    writer.put("unknown", all(unknown));
    Value::List intents;
    for (const auto& intent : open_intents)
      intents.push_back(
          state::v1::to_value(state::v1::from_memory(state::stored_form(intent), Value())));
    writer.put("open_intents", std::move(intents));
    writer.put("allowed", text_list(allowed));
    writer.put("restarts", text_list(restarts));
    writer.put("targets", text_list(targets));
    writer.put("excludes", text_list(excludes));
    writer.put("replaces", text_list(replaces));
    writer.put("left_out",
               left_out > 0 ? Value::integer(static_cast<std::int64_t>(left_out)) : Value());
    writer.put("unrefreshed", flag(!refreshed));
    writer.put("needs_permission", all(needs_permission));
    writer.put("matching", matching);
    writer.put("waiting", all(waiting));
    writer.put("older", all(older));
    writer.put("postponed", all(postponed));
    writer.put("reads", reads);
    writer.put("extra_reads", extra_reads);
    writer.put("unmanaged_guests", unmanaged_guests);
    writer.put("capacity", text_list(capacity));
    writer.put("warnings", all(warnings));
    return writer.take();
  }

  Value write(const model::PlanOrigin& origin) const {
    const auto& [topology, cluster, cluster_name, lineage, serial, digest, server_version, online,
                 nodes] = origin;
    MemberWriter writer;
    writer.put("topology", topology);
    writer.put("cluster", cluster);
    writer.put("cluster_name", cluster_name);
    writer.put("lineage", lineage);
    writer.put("serial", serial);
    writer.put("topology_digest", digest);
    writer.put("server_version", server_version);
    writer.put("nodes_online", online);
    writer.put("nodes", nodes);
    return writer.take();
  }

  Value write(const model::Change& change) const {
    const auto& [address, action, identity, before, after, exported, attributes, effects, reason,
                 notes, warnings, also, backup, fingerprint, facts, resumes, moved_from,
                 imported_from, dependencies] = change;
    MemberWriter writer;
    writer.put("address", address.text());
    writer.put("action", std::string(model::name(action)));
    writer.put("identity", value(identity));
    writer.put("before", value(before));
    writer.put("after", value(after));
    writer.put("exported", value(exported));
    writer.put("attributes", all(attributes));
    writer.put("effects", write(effects));
    writer.put("reason", reason);
    writer.put("notes", text_list(notes));
    writer.put("warnings", text_list(warnings));
    writer.put("also", text_list(also));
    if (backup) writer.put("backup", write(*backup));
    writer.put("fingerprint", fingerprint);
    writer.put("facts", value(facts));
    writer.put("resumes", flag(resumes));
    writer.put("moved_from", moved_from);
    writer.put("imported_from", imported_from);
    writer.put("dependencies", all(dependencies));
    return writer.take();
  }

  Value write(const model::Backup& backup) const {
    const auto& [seen, covers, leaves_out] = backup;
    const auto& [volume, storage, taken_at, verified, looked_at, hidden] = seen;
    MemberWriter writer;
    writer.put("volume", volume);
    writer.put("storage", storage);
    writer.put("taken_at", static_cast<std::uint64_t>(taken_at));
    writer.put("verified", flag(verified));
    writer.put("looked_at", text_list(looked_at));
    writer.put("hidden", text_list(hidden));
    writer.put("covers", text_list(covers));
    writer.put("leaves_out", text_list(leaves_out));
    return writer.take();
  }

  Value write(const model::Postponed& postponed) const {
    const auto& [address, action, reason, blocker] = postponed;
    MemberWriter writer;
    writer.put("address", address.text());
    writer.put("action", std::string(model::name(action)));
    writer.put("reason", reason);
    writer.put("blocker", blocker.text());
    return writer.take();
  }

  Value write(const model::AttributeChange& attribute) const {
    const auto& [where, before, after, effects, sensitive, forces_replace, released, note] =
        attribute;
    MemberWriter writer;
    writer.put("path", path(where));
    writer.put("before", value(before, sensitive));
    writer.put("after", value(after, sensitive));
    writer.put("effects", write(effects));
    writer.put("sensitive", flag(sensitive));
    writer.put("forces_replace", flag(forces_replace));
    writer.put("released", flag(released));
    writer.put("note", note);
    return writer.take();
  }

  Value write(const model::Effects& effects) const {
    const auto& [availability, data, waits, node, lock_out, snapshots] = effects;
    MemberWriter writer;
    writer.put("availability", std::string(model::name(availability)));
    writer.put("data", all(data));
    writer.put("waits_for_restart", flag(waits));
    writer.put("interrupts_node", node);
    writer.put("may_lock_out", flag(lock_out));
    writer.put("lost_snapshots", text_list(snapshots));
    return writer.take();
  }

  Value write(const model::DataEffect& effect) const {
    const auto& [kind, bytes, volume] = effect;
    MemberWriter writer;
    writer.put("kind", std::string(kind == model::DataEffect::Kind::loss ? "loss" : "copy"));
    writer.put("bytes", bytes);
    writer.put("volume", volume);
    return writer.take();
  }

  Value write(const model::Step& step) const {
    const auto& [id, address, operation, arguments, dependencies, pools, summary, brief, writes] =
        step;
    MemberWriter writer;
    writer.put("id", id);
    writer.put("address", address.text());
    writer.put("operation", operation);
    writer.put("arguments", value(arguments));
    Value::List needs;
    for (const auto each : dependencies) needs.push_back(Value::integer(each));
    writer.put("needs", std::move(needs));
    writer.put("pools", text_list(pools));
    writer.put("summary", summary);
    writer.put("brief", brief);
    writer.put("writes", writes);
    return writer.take();
  }

  Value write(const model::Drift& drift) const {
    const auto& [address, where, was, is, wanted, note] = drift;
    MemberWriter writer;
    writer.put("address", address.text());
    writer.put("path", path(where));
    writer.put("was", value(was));
    writer.put("is", value(is));
    writer.put("wanted", value(wanted));
    writer.put("note", note);
    return writer.take();
  }

  Value write(const model::UnknownObject& object) const {
    const auto& [address, reason, blocker] = object;
    MemberWriter writer;
    writer.put("address", address.text());
    writer.put("reason", reason);
    if (blocker) writer.put("blocker", blocker->text());
    return writer.take();
  }

  Value write(const std::pair<schema::ResourceAddress, std::string>& waiting) const {
    return Value::map({{"address", Value::string(waiting.first.text())},
                       {"what", Value::string(waiting.second)}});
  }

  Value write(const schema::ResourceAddress& address) const {
    return Value::string(address.text());
  }

  /// Places in files mean nothing on another day: only the words are kept.
  Value write(const schema::Diagnostic& diagnostic) const {
    MemberWriter writer;
    writer.put("summary", diagnostic.summary);
    writer.put("detail", diagnostic.detail);
    if (diagnostic.address) writer.put("address", diagnostic.address->text());
    return writer.take();
  }

  Value write(const SavedVariable& variable) const {
    const auto& [name, held, origin] = variable;
    MemberWriter writer;
    writer.put("name", name);
    writer.put("value", value(held));
    writer.put("origin", origin);
    return writer.take();
  }

  const SecretDigest& digest_;
};

}  // namespace

Value plan_form(const SavedPlan& saved, const SecretDigest& digest) {
  return FormWriter(digest).body(saved);
}

}  // namespace pveplan::engine
