#include "providers/pve/guest/settle_guest.hpp"

#include "providers/pve/client/failure.hpp"
#include "providers/pve/guest/guest_row.hpp"

#include <fmt/format.h>

namespace pveplan::pve {
namespace {

using Found = GuestLook::Found;

constexpr int kLongestLock = 150;  // looks, 2 s each

bool is_being_made(const Guest& guest) {
  const auto lock = guest.lock();
  return lock == "create" || lock == "clone";
}

/// What one look says; nullopt: look again.
std::optional<MadeGuest> judge(const GuestLook& look, const model::Intent& intent,
                               const TaskTrace& trace, SettleClock& clock, int& locked) {
  MadeGuest made;
  made.reason = look.reason;
  switch (look.found) {
    case Found::unknown:
      made.end = MadeGuest::End::open;
      return made;
    case Found::absent:
      if (!trace.failed && !clock.has_settled(look.server_time)) return std::nullopt;
      made.end = MadeGuest::End::not_made;
      return made;
    case Found::elsewhere:
      made.end = MadeGuest::End::taken;
      return made;
    case Found::here:
      break;
  }
  if (is_being_made(look.guest)) {
    if (++locked < kLongestLock) return std::nullopt;
    made.end = MadeGuest::End::open;
    made.reason = fmt::format("{} is locked ({}), but no task of ours runs", look.guest.vmid,
                              look.guest.lock());
    return made;
  }
  const auto marker = look.guest.marker();
  const bool ours = marker && marker->vmid == look.guest.vmid && marker->nonce == intent.nonce;
  made.end = ours ? MadeGuest::End::ours : MadeGuest::End::taken;
  made.guest = look.guest;
  made.reason = "another guest";
  return made;
}

}  // namespace

async::Task<MadeGuest> settle_making(core::Context context, model::Intent intent,
                                     MakingPlace place) {
  SettleClock clock(intent);
  int locked = 0;
  for (;;) {
    auto trace =
        co_await follow_task(context, place.task_node, place.task_type, place.task_id, intent);
    if (trace.open) {
      MadeGuest open;
      open.reason = trace.reason;
      co_return open;
    }
    auto look = co_await look_at_guest(context, place.node, place.vmid);
    // until a clone for another node is complete, its config lies on the source's node
    if (look.found == Found::elsewhere && place.task_node != place.node) {
      auto there = co_await look_at_guest(context, place.task_node, place.vmid);
      if (there.found == Found::here) look = there;
    }
    auto made = judge(look, intent, trace, clock, locked);
    if (made) co_return std::move(*made);
    co_await context.pause(SettleClock::kPause);
  }
}

async::Task<std::optional<Guest>> find_made(core::Context context, std::string node,
                                            std::int64_t vmid) {
  for (int looks = 0; looks < kLongestLock; ++looks) {
    auto look = co_await look_at_guest(context, node, vmid);
    if (look.found != Found::here) co_return std::nullopt;
    if (!is_being_made(look.guest)) co_return std::move(look.guest);
    co_await context.pause(SettleClock::kPause);
  }
  co_return std::nullopt;
}

bool met_existing(const core::WriteResult& result) {
  return result.status == core::WriteResult::Status::failed &&
         (result.error.failure == core::ApiFailure::taken ||
          classify_text(result.error.message) == core::ApiFailure::taken);
}

schema::Diagnostic vmid_taken(const schema::ResourceAddress& address, std::int64_t vmid,
                              const std::string& by) {
  auto diagnostic = schema::error(
      "The VMID is taken",
      fmt::format("{} was to get the VMID {}, but {} has it now. Plan again to choose another one.",
                  address.text(), vmid, by));
  diagnostic.address = address;
  return diagnostic;
}

model::Resolution resolution_of(const MadeGuest& made, const schema::ResourceAddress& address,
                                std::int64_t vmid, std::optional<model::Row> row) {
  switch (made.end) {
    case MadeGuest::End::ours:
      return model::Done{stored(std::move(*row))};
    case MadeGuest::End::not_made:
      return model::NotDone();
    case MadeGuest::End::open:
      return model::StillOpen{made.reason};
    case MadeGuest::End::taken:
      return model::Taken{vmid_taken(address, vmid, made.reason)};
  }
  return model::StillOpen{made.reason};
}

}  // namespace pveplan::pve
