#include "providers/pve/client/encoding.hpp"
#include "providers/pve/coerce.hpp"
#include "providers/pve/guest/guest_goal.hpp"
#include "providers/pve/guest/step_support.hpp"
#include "schema/network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace pveplan::pve {
namespace {

using core::WriteResult;
using schema::Path;
using schema::Value;

std::string joined(const std::vector<std::string>& keys) {
  return fmt::format("{}", fmt::join(keys, ","));
}

core::Write to_write(const Guest& guest, const ConfigRequest& request, bool secrets) {
  auto parameters = request.set;
  if (!request.remove.empty()) parameters.emplace_back("delete", joined(request.remove));
  parameters.emplace_back("digest", guest.config.digest());
  // what takes time, or may meet the 30 s limit of a forwarded call, goes as a task
  const bool task = request.allocates || request.plugs;
  core::Write write(core::ApiRequest(
      task ? "POST" : "PUT", guest_path(guest.node, guest.vmid, "/config"), std::move(parameters)));
  write.forks_task = task;
  write.remember = Value::map(
      {{"digest", Value::string(guest.config.digest())}, {"password", Value::boolean(secrets)}});
  return write;
}

void add_addresses(const Value& attributes, std::set<std::string>& addresses) {
  const auto* nics = member(attributes, "nic");
  if (nics == nullptr || !nics->has_fields()) return;
  for (const auto& [name, nic] : nics->as_fields()) {
    const auto prefix = schema::parse_ipv4_prefix(text_of(nic, "ip"));
    if (prefix) addresses.insert(prefix->address.text());
  }
}

/// What the guest answers to until it is restarted, although its config says something else by now.
Value held_addresses(const model::Row& before, const Value& after) {
  std::set<std::string> held, wanted;
  for (auto& address : unfinished_of(before.notes, "held_addresses")) held.insert(address);
  add_addresses(before.owned, held);
  add_addresses(after, wanted);
  Value::List list;
  for (const auto& address : held) {
    if (!wanted.contains(address)) list.push_back(Value::string(address));
  }
  return list.empty() ? Value() : Value::list(std::move(list));
}

/// `ip` and `ips` as the guest has them until it is restarted. What an earlier change left waiting
/// counts, unless the guest was restarted by somebody else since.
Value addresses_in_force(const model::Row& before, bool waits_already) {
  const auto* earlier = before.notes.find("addresses_in_force");
  if (waits_already && earlier != nullptr) return *earlier;
  const auto exported = guest_exports(before.owned, before.identity);
  Value::Fields fields;
  for (const char* name : {"ip", "ips"}) {
    if (const auto* value = exported.find(name)) fields.emplace_back(name, *value);
  }
  return Value::map(std::move(fields));
}

/// The row once the config is as wanted. A disk that was removed stays a part until its volume is
/// destroyed, or is remembered as kept.
model::Outcome configured(const model::Row& before, const Value& arguments, const Guest& guest,
                          const ConfigGoal& goal, bool at_next_start) {
  auto row = row_after(before, arguments);
  const auto after = argument(arguments, "after");
  row.identity = identity_of(guest);
  row.owned = after;
  row.parts = parts_of(after, guest.config, before.parts);
  row.exported = guest_exports(after, row.identity);
  if (goal.marker) row.nonce = goal.marker->nonce;
  for (const auto& part : goal.removed) {
    const auto old = before.parts.find(part);
    if (!part.starts_with("disk.") || old == before.parts.end()) continue;
    auto kept = old->second;
    const auto* owned = before.owned.find(Path::parse(part));
    kept.kept = owned != nullptr && text_of(*owned, "on_remove") == "keep";
    if (!kept.kept && owned != nullptr) row.owned = row.owned.with(Path::parse(part), *owned);
    row.parts.insert_or_assign(part, std::move(kept));
  }
  for (const auto& [key, part] : before.parts) {
    if (part.kept) row.parts.emplace(key, part);
  }
  if (at_next_start) {
    set_note(row, "at_next_start", Value::string(guest.server_time));
    set_note(row, "held_addresses", held_addresses(before, after));
    set_note(row, "addresses_in_force",
             addresses_in_force(before, flag_of(arguments, "awaits_start")));
  }
  return stored(std::move(row));
}

/// The texts of a failed config write that are about hot-plugging.
std::vector<std::string> hotplug_problems(const WriteResult& result) {
  std::vector<std::string> texts;
  for (const auto& [parameter, text] : result.error.parameters) texts.push_back(text);
  if (texts.empty()) texts.push_back(result.error.message);
  std::erase_if(texts, [](const std::string& text) {
    return text.find("hotplug problem") == std::string::npos;
  });
  return texts;
}

/// A device that the guest does not let go stays pending: it waits for a restart (DEFINITIONS 6).
bool only_waits(const std::vector<std::string>& problems) {
  return std::all_of(problems.begin(), problems.end(), [](const std::string& text) {
    return text.find("error on hot-unplug") != std::string::npos;
  });
}

async::Task<void> revert(core::Context context, Guest guest, std::vector<std::string> keys) {
  core::Parameters parameters;
  parameters.emplace_back("revert", joined(keys));
  core::Write write(
      core::ApiRequest("PUT", guest_path(guest.node, guest.vmid, "/config"), parameters));
  co_await context.write(std::move(write));
}

std::vector<std::string> keys_of(const ConfigRequest& request) {
  auto keys = request.remove;
  for (const auto& [key, text] : request.set) keys.push_back(key);
  return keys;
}

bool same_request(const ConfigRequest& a, const ConfigRequest& b) {
  return a.set == b.set && a.remove == b.remove;
}

/// Volumes of the guest on the storages where some were to be made, that no config names.
async::Task<schema::Result<std::vector<std::string>>> orphans(core::Context context, Guest guest,
                                                              std::vector<std::string> storages) {
  std::vector<std::string> found;
  std::string config;
  for (const auto& key : guest.config.keys()) config += guest.config.text(key) + ",";
  for (const auto& key : guest.config.running_keys())
    config += *guest.config.find_running(key) + ",";
  for (const auto& storage : storages) {
    core::Parameters query;
    query.emplace_back("vmid", std::to_string(guest.vmid));
    auto answer =
        co_await context.read(fmt::format("/nodes/{}/storage/{}/content",
                                          percent_encode(guest.node), percent_encode(storage)),
                              query);
    if (!answer) co_return std::unexpected(answer.error().diagnostic());
    if (answer->data.kind() != Value::Kind::list) continue;
    for (const auto& entry : answer->data.as_list()) {
      const auto volid = text_of(entry, "volid");
      // the listing shows files that belong to nobody as well
      if (integer_of(entry, "vmid") != guest.vmid) continue;
      if (config.find(volid + ",") == std::string::npos) found.push_back(volid);
    }
  }
  co_return found;
}

/// The row with the parts that the intent was to add: their slots were free when it was opened, so
/// what lies there now was made by it.
model::Row with_new_parts(model::Row row, const Value& after) {
  for (auto& [key, part] : parts_of(after, GuestConfig(), {})) row.parts.try_emplace(key, part);
  return row;
}

schema::Diagnostic changed_meanwhile(const schema::ResourceAddress& address) {
  return step_failed(address, "Changed by somebody else",
                     fmt::format("The config of {} changed while it was being written. Plan again "
                                 "to see it as it is now.",
                                 address.text()));
}

}  // namespace

async::Task<RunResult> run_configure(core::Context context, const schema::ResourceSchema* schema,
                                     model::Step step) {
  const auto* held = context.row(step.address);
  auto guest = co_await load_ours(context, held);
  if (!guest) co_return std::unexpected(guest.error());
  const model::Row before = *held;
  auto goal = goal_of_living(context, *schema, before, step.arguments, *guest);
  if (!goal) co_return std::unexpected(goal.error());
  auto request = config_request(*goal);
  const bool password =
      changes_password(before.owned, goal->after) || flag_of(step.arguments, "sends_secret");
  if (request.empty() && !password)
    co_return configured(before, step.arguments, *guest, *goal, false);
  core::Parameters secrets;
  if (password) {
    auto text = co_await context.secret("cloud_init.password");
    if (!text) co_return std::unexpected(text.error());
    secrets.emplace_back("cipassword", *text);
  }
  for (int attempt = 0;; ++attempt) {
    auto write = to_write(*guest, request, password);
    write.secret_parameters = secrets;
    auto result = co_await context.write(std::move(write));
    const bool moved_on = result.error.failure == core::ApiFailure::digest_mismatch;
    if (result.status == WriteResult::Status::failed && moved_on && attempt < 2) {
      // not necessarily ours that changed: go on when there is still the same to be done
      guest = co_await load_ours(context, &before);
      if (!guest) co_return std::unexpected(guest.error());
      goal = goal_of_living(context, *schema, before, step.arguments, *guest);
      if (!goal || !same_request(request, config_request(*goal)))
        co_return std::unexpected(changed_meanwhile(step.address));
      continue;
    }
    if (result.status == WriteResult::Status::done) break;
    const auto problems = hotplug_problems(result);
    if (problems.empty()) co_return std::unexpected(diagnostic_of(result, step.address));
    if (only_waits(problems)) break;
    co_await revert(context, *guest, keys_of(request));
    co_return std::unexpected(diagnostic_of(result, step.address));
  }
  const bool at_next_start = request.at_next_start || password;
  if (request.allocates || request.plugs) {
    auto look = co_await look_at_guest(context, guest->node, guest->vmid);
    if (look.found == GuestLook::Found::here) *guest = std::move(look.guest);
  }
  co_return configured(before, step.arguments, *guest, *goal, at_next_start);
}

async::Task<SettleResult> settle_configure(core::Context context,
                                           const schema::ResourceSchema* schema,
                                           model::Intent intent) {
  const auto* held = context.row(intent.address);
  if (held == nullptr) co_return model::Resolution(model::NotDone());
  const model::Row before = with_new_parts(*held, argument(intent.arguments, "after"));
  const auto remembered = argument(intent.arguments, "remember");
  SettleClock clock(intent);
  for (;;) {
    auto settled = co_await look_after_task(context, intent, "qmconfig");
    if (settled.open) co_return model::Resolution(model::StillOpen{settled.reason});
    if (!settled.exists) co_return model::Resolution(model::NotDone());
    auto goal = goal_of_living(context, *schema, before, intent.arguments, settled.guest);
    if (!goal) co_return model::Resolution(model::StillOpen{goal.error().detail});
    const auto request = config_request(*goal);
    const bool password = flag_of(remembered, "password");
    if (request.empty() && !password)
      co_return done(configured(before, intent.arguments, settled.guest, *goal, true));
    if (!settled.can_be_repeated(clock)) {
      co_await context.pause(SettleClock::kPause);
      continue;
    }
    auto left = co_await orphans(context, settled.guest, request.storages);
    if (!left) co_return model::Resolution(model::StillOpen{left.error().detail});
    if (!left->empty()) {
      co_return model::Resolution(model::Taken{step_failed(
          intent.address, "Volumes without an owner",
          fmt::format("An earlier attempt left volumes of {} that no config names: {}. Attach or "
                      "remove them, then plan again.",
                      settled.guest.vmid, joined(*left)))});
    }
    const auto digest = text_of(remembered, "digest");
    const bool untouched = digest.empty() || digest == settled.guest.config.digest();
    if (untouched || password) co_return model::Resolution(model::NotDone());
    co_return model::Resolution(model::Taken{changed_meanwhile(intent.address)});
  }
}

}  // namespace pveplan::pve
