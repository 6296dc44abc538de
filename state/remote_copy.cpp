#include "state/remote_copy.hpp"

#include "schema/json.hpp"
#include "state/members.hpp"
#include "state/snapshot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

namespace pveplan::state {
namespace {

using schema::Value;

schema::Diagnostic not_pushed_yet(const StorePlace& place, const std::string& address,
                                  const StoreContent& local) {
  return schema::error(
      "State on the server is missing",
      fmt::format("{0} has no state, but '{1}' holds one (serial {2}). If it shall be kept there "
                  "from now on, or was lost there: `pveplan state push {1}`. To begin anew, move "
                  "the folder '{3}' away.",
                  address, place.snapshot(), local.state.serial, place.directory));
}

schema::Diagnostic another_state(const StorePlace& place, const std::string& address,
                                 const StateFile& remote, const StoreContent& local) {
  return schema::error(
      "State of another lineage",
      fmt::format(
          "{0} has a state of the lineage {1} (serial {2}), but '{3}' is of the lineage {4} "
          "(serial {5}): they grew apart from the first apply on. Keep the server's by "
          "moving the folder '{6}' away, or replace the server's with `pveplan state push "
          "--force {3}`.",
          address, remote.lineage, remote.serial, place.snapshot(), local.state.lineage,
          local.state.serial, place.directory));
}

schema::Diagnostic older_state(const StorePlace& place, const std::string& address,
                               const StateFile& remote, std::uint64_t seen) {
  return schema::error(
      "State on the server went back",
      fmt::format("{0} has the serial {1}, but this machine has seen the serial {2} there: "
                  "somebody put an older state back, or the server lost what was written. If the "
                  "older one is wanted, move the folder '{3}' away; if not, `pveplan state push "
                  "--force {4}`.",
                  address, remote.serial, seen, place.directory, place.snapshot()));
}

schema::Diagnostic apart(const StorePlace& place, const std::string& address,
                         const StateFile& remote, const StoreContent& local) {
  return schema::error(
      "Two states",
      fmt::format("{0} has a state with the serial {1}, and '{2}' holds changes up to the serial "
                  "{3} that were never sent there. Keep the server's by moving the folder '{4}' "
                  "away, or replace the server's with `pveplan state push --force {2}`.",
                  address, remote.serial, place.snapshot(), local.state.serial, place.directory));
}

schema::Result<StoreContent> content_of(const std::string& snapshot) {
  auto state = read_snapshot(snapshot);
  if (!state) return std::unexpected(state.error());
  StoreContent content;
  content.state = std::move(*state);
  content.exists = true;
  content.snapshot_hash = snapshot_hash(snapshot);
  content.snapshot_serial = content.state.serial;
  content.snapshot_bytes = snapshot.size();
  return content;
}

/// The local content when it is the server's or goes on from it, else the server's.
Reconciled ours_or_theirs(StoreContent remote, StoreContent local) {
  Reconciled result;
  result.theirs = local.state.serial < remote.state.serial;
  result.content = result.theirs ? std::move(remote) : std::move(local);
  return result;
}

Reconciled taken_over(StoreContent remote) {
  Reconciled result;
  result.theirs = true;
  result.folder_lags = true;
  result.content = std::move(remote);
  return result;
}

schema::Result<Reconciled> without_remote(const StorePlace& place, const std::string& address,
                                          const std::optional<RemoteTrace>& trace,
                                          StoreContent local) {
  // The first run may have ended before its first push.
  const bool never_arrived = trace && trace->knows("");
  if (local.exists && !never_arrived) return std::unexpected(not_pushed_yet(place, address, local));
  Reconciled result;
  result.content = std::move(local);
  return result;
}

}  // namespace

bool RemoteTrace::knows(const std::string& sha256) const {
  return std::any_of(seen.begin(), seen.end(),
                     [&sha256](const Seen& each) { return each.sha256 == sha256; });
}

std::uint64_t RemoteTrace::certain() const { return seen.empty() ? 0 : seen.front().serial; }

schema::Result<std::optional<RemoteTrace>> read_remote_trace(const StorePlace& place) {
  const auto bytes = place.files.read(place.remote_trace());
  if (!bytes && bytes.error().code == ENOENT) return std::optional<RemoteTrace>();
  if (!bytes) return std::unexpected(cannot("State cannot be read", bytes.error()));
  RemoteTrace trace;
  const auto value = schema::parse_json(*bytes);
  if (value && value->has_fields()) {
    Members members(*value);
    for (const auto& each : members.list("seen")) {
      Members item(each);
      trace.seen.push_back({item.number("serial"), item.text("sha256")});
      if (!item.wrong().empty()) members.reject("seen");
    }
    if (members.wrong().empty()) return std::optional(std::move(trace));
  }
  return std::unexpected(schema::error(
      "Damaged state",
      fmt::format("'{}' is not as pveplan wrote it. Nothing was changed. Move the folder '{}' away "
                  "to go on with what the server has.",
                  place.remote_trace(), place.directory)));
}

schema::Result<void> write_remote_trace(const StorePlace& place, const RemoteTrace& trace) {
  Value::List seen;
  for (const auto& each : trace.seen) {
    seen.push_back(Value::map({{"serial", Value::integer(static_cast<std::int64_t>(each.serial))},
                               {"sha256", Value::string(each.sha256)}}));
  }
  const auto text = schema::to_json(Value::map({{"seen", Value::list(std::move(seen))}})) + "\n";
  return replace_file(place.files, place.remote_trace(), text);
}

schema::Result<Reconciled> reconcile(const StorePlace& place, const std::string& address,
                                     const std::optional<std::string>& remote,
                                     const std::optional<RemoteTrace>& trace, StoreContent local) {
  if (!remote) return without_remote(place, address, trace, std::move(local));
  auto theirs = content_of(*remote);
  if (!theirs) return std::unexpected(theirs.error());
  if (!local.exists) {
    Reconciled result;
    result.theirs = true;
    result.content = std::move(*theirs);
    return result;
  }
  if (local.state.lineage != theirs->state.lineage) {
    // Nothing was ever sent to the cluster before its intent had been here: what this machine began
    // did not arrive, and somebody else began.
    if (trace && trace->knows("")) return taken_over(std::move(*theirs));
    return std::unexpected(another_state(place, address, theirs->state, local));
  }
  const bool equal = local.snapshot_hash == theirs->snapshot_hash;
  if (equal || (trace && trace->knows(theirs->snapshot_hash)))
    return ours_or_theirs(std::move(*theirs), std::move(local));
  // Somebody else went on.
  if (trace && theirs->state.serial < trace->certain())
    return std::unexpected(older_state(place, address, theirs->state, trace->certain()));
  const bool overtaken =
      trace && (local.state.serial > trace->certain() || theirs->state.serial == trace->certain());
  if (!trace && local.state.serial > theirs->state.serial)
    return std::unexpected(apart(place, address, theirs->state, local));
  Reconciled result;
  result.theirs = true;
  result.folder_lags = overtaken;
  result.content = std::move(*theirs);
  return result;
}

schema::Result<StoreContent> adopt_remote(const StorePlace& place, const std::string& snapshot,
                                          const StoreContent& local) {
  if (local.exists && local.snapshot_hash != snapshot_hash(snapshot)) {
    if (auto done = make_folder(place.files, place.backups()); !done)
      return std::unexpected(done.error());
    const auto path = place.backup(local.state.serial);
    if (auto done = replace_file(place.files, path, write_snapshot(local.state)); !done)
      return std::unexpected(done.error());
    prune_backups(place);
  }
  // The journal first: it belongs to the snapshot that goes, and is part of the backup.
  if (auto done = remove_durably(place.files, place.journal()); !done)
    return std::unexpected(done.error());
  if (auto done = replace_file(place.files, place.snapshot(), snapshot); !done)
    return std::unexpected(done.error());
  return content_of(snapshot);
}

}  // namespace pveplan::state
