#include "providers/pve/coerce.hpp"
#include "providers/pve/guest/guest_goal.hpp"
#include "providers/pve/guest/part_names.hpp"
#include "providers/pve/guest/step_support.hpp"
#include "providers/pve/guest_codec/drive.hpp"
#include "providers/pve/guest_codec/slots.hpp"
#include "providers/pve/size_text.hpp"

#include <fmt/format.h>

namespace pveplan::pve {
namespace {

using core::WriteResult;
using schema::Path;
using schema::Value;

std::string volume_of(const model::Row& row, const std::string& part) {
  const auto at = row.parts.find(part);
  return at == row.parts.end() ? std::string() : text_of(at->second.identity, "volume");
}

/// The key that holds a volume; empty when none does.
std::string key_of_volume(const GuestConfig& config, const std::string& volume) {
  for (const auto& key : config.keys()) {
    const bool drive = is_drive_slot(key) || is_unused_slot(key);
    if (drive && Drive::parse(config.text(key)).volume() == volume) return key;
  }
  return {};
}

std::string disk_slot(const Guest& guest, const model::Row& row, const std::string& disk) {
  return PartNames::of(guest.config, &row).disk_slot(disk);
}

std::int64_t size_in(const Guest& guest, const std::string& slot) {
  return Drive::parse(guest.config.text(slot)).bytes().value_or(0);
}

bool is_large_enough(const Guest& guest, const std::string& slot, std::int64_t bytes) {
  return size_in(guest, slot) >= bytes;
}

/// Larger than a storage makes it by rounding up (FACTS 10.7).
bool is_too_large(const Guest& guest, const std::string& slot, std::int64_t bytes) {
  constexpr std::int64_t kExtent = 4 << 20;
  return size_in(guest, slot) - bytes >= kExtent;
}

/// A resize is often the only step of a change, so the size is owned from here on.
model::Outcome with_size(const model::Row& before, const Value& arguments) {
  auto row = row_after(before, arguments);
  const auto disk = text_of(arguments, "disk");
  const auto size = Value::integer(integer_of(arguments, "size"));
  row.owned = row.owned.with(Path({"disk", disk, "size"}), size);
  if (const auto part = row.parts.find(part_key("disk", disk)); part != row.parts.end())
    part->second.owned = part->second.owned.with(Path({"size"}), size);
  return stored(std::move(row));
}

/// The part is gone: from the row, and from what is owned.
model::Outcome without_part(const model::Row& before, const Value& arguments) {
  auto row = row_after(before, arguments);
  const auto part = text_of(arguments, "part");
  row.parts.erase(part);
  row.owned = row.owned.with(Path::parse(part), Value());
  return stored(std::move(row));
}

/// Its volume stays for now: a later run destroys it, when the guest has let it go.
model::Outcome with_waiting_part(const model::Row& before, const Value& arguments) {
  return stored(row_after(before, arguments));
}

}  // namespace

async::Task<RunResult> run_resize(core::Context context, model::Step step) {
  const auto* held = context.row(step.address);
  auto guest = co_await load_ours(context, held);
  if (!guest) co_return std::unexpected(guest.error());
  const model::Row before = *held;
  const auto disk = text_of(step.arguments, "disk");
  const auto slot = disk_slot(*guest, before, disk);
  const auto bytes = integer_of(step.arguments, "size");
  if (slot.empty())
    co_return std::unexpected(
        step_failed(step.address, "The disk is not there",
                    fmt::format("disk.{} of {} is not in the guest's config, so it cannot grow.",
                                disk, step.address.text())));
  if (is_too_large(*guest, slot, bytes))
    co_return std::unexpected(step_failed(
        step.address, "The disk is larger",
        fmt::format("disk.{} of {} came {} large, and a disk never shrinks, so it cannot become "
                    "{}. Write at least the larger size, or leave it out.",
                    disk, step.address.text(), readable_bytes(size_in(*guest, slot)),
                    readable_bytes(bytes))));
  if (is_large_enough(*guest, slot, bytes)) co_return with_size(before, step.arguments);
  // Not plugged in yet: the server cannot grow it before the guest's next start, and the plan after
  // that one does.
  if (guest->config.find_running(slot) == nullptr) co_return with_size(before, step.arguments);
  core::Parameters parameters;
  parameters.emplace_back("disk", slot);
  parameters.emplace_back("size", size_text(bytes));
  core::Write write(
      core::ApiRequest("PUT", guest_path(guest->node, guest->vmid, "/resize"), parameters));
  write.forks_task = true;
  auto result = co_await context.write(std::move(write));
  if (result.status != WriteResult::Status::done)
    co_return std::unexpected(diagnostic_of(result, step.address));
  co_return with_size(before, step.arguments);
}

async::Task<SettleResult> settle_resize(core::Context context, model::Intent intent) {
  const auto* held = context.row(intent.address);
  if (held == nullptr) co_return model::Resolution(model::NotDone());
  const model::Row before = *held;
  const auto bytes = integer_of(intent.arguments, "size");
  SettleClock clock(intent);
  for (;;) {
    auto settled = co_await look_after_task(context, intent, "resize");
    if (settled.open) co_return model::Resolution(model::StillOpen{settled.reason});
    if (!settled.exists) co_return model::Resolution(model::NotDone());
    const auto slot = disk_slot(settled.guest, before, text_of(intent.arguments, "disk"));
    if (!slot.empty() && is_large_enough(settled.guest, slot, bytes))
      co_return done(with_size(before, intent.arguments));
    if (settled.can_be_repeated(clock)) co_return model::Resolution(model::NotDone());
    co_await context.pause(SettleClock::kPause);
  }
}

async::Task<RunResult> run_discard(core::Context context, model::Step step) {
  const auto* held = context.row(step.address);
  auto guest = co_await load_ours(context, held);
  if (!guest) co_return std::unexpected(guest.error());
  const model::Row before = *held;
  const auto volume = volume_of(before, text_of(step.arguments, "part"));
  const auto key = volume.empty() ? std::string() : key_of_volume(guest->config, volume);
  if (key.empty()) {
    // attached now and to be detached at the next start: the running config still has it
    co_return is_plugged(guest->config, volume) ? with_waiting_part(before, step.arguments)
                                                : without_part(before, step.arguments);
  }
  if (!is_unused_slot(key)) co_return with_waiting_part(before, step.arguments);
  core::Parameters parameters;
  parameters.emplace_back("delete", key);
  parameters.emplace_back("digest", guest->config.digest());
  core::Write write(
      core::ApiRequest("POST", guest_path(guest->node, guest->vmid, "/config"), parameters));
  write.forks_task = true;
  auto result = co_await context.write(std::move(write));
  if (result.status != WriteResult::Status::done)
    co_return std::unexpected(diagnostic_of(result, step.address));
  co_return without_part(before, step.arguments);
}

async::Task<SettleResult> settle_discard(core::Context context, model::Intent intent) {
  const auto* held = context.row(intent.address);
  if (held == nullptr) co_return model::Resolution(model::NotDone());
  const model::Row before = *held;
  const auto volume = volume_of(before, text_of(intent.arguments, "part"));
  SettleClock clock(intent);
  for (;;) {
    auto settled = co_await look_after_task(context, intent, "qmconfig");
    if (settled.open) co_return model::Resolution(model::StillOpen{settled.reason});
    if (!settled.exists || key_of_volume(settled.guest.config, volume).empty())
      co_return done(without_part(before, intent.arguments));
    if (settled.can_be_repeated(clock)) co_return model::Resolution(model::NotDone());
    co_await context.pause(SettleClock::kPause);
  }
}

}  // namespace pveplan::pve
