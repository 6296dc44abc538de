#include "state/replacement.hpp"

#include "schema/json.hpp"
#include "state/snapshot.hpp"
#include "state/store_reader.hpp"
#include "state/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pveplan::state {
namespace {

schema::Diagnostic unusable(std::string detail) {
  return schema::error("Not a state", std::move(detail));
}

schema::Diagnostic refused(const std::string& why) {
  return schema::error("State not replaced",
                       why +
                           " Nothing was changed. If it shall replace the present one all the "
                           "same: --force. The present one is kept as a backup then.");
}

/// Nothing when it may go in as it is.
std::string objection(const StateFile& offered, const StateFile& current) {
  if (offered.lineage != current.lineage)
    return fmt::format(
        "The file is of the lineage {}, the present state of {}: they never were one.",
        offered.lineage, current.lineage);
  if (offered.serial < current.serial)
    return fmt::format("The file is older: it has the serial {}, the present state {}.",
                       offered.serial, current.serial);
  auto same = offered;
  same.program = current.program;
  if (offered.serial == current.serial && same != current)
    return fmt::format(
        "The file and the present state both have the serial {}, but not the same "
        "content.",
        offered.serial);
  return {};
}

schema::Result<void> copy_aside(const StorePlace& place, const std::string& path) {
  const auto bytes = place.files.read(path);
  if (!bytes) return std::unexpected(cannot("State cannot be read", bytes.error()));
  return replace_file(place.files, path + ".old", *bytes);
}

/// What `state.json` and the journal say together is exactly `current`.
bool folder_holds(const StorePlace& place, const StateFile* current) {
  const auto content = read_store(place);
  return current != nullptr && content && content->exists && content->state == *current;
}

}  // namespace

schema::Result<StateFile> read_offered_state(std::string_view bytes) {
  if (bytes.starts_with("\xEF\xBB\xBF"))
    return std::unexpected(
        unusable("The file begins with a byte order mark, which some editors add: save it as UTF-8 "
                 "without one, or fetch it again."));
  if (!is_utf8(bytes))
    return std::unexpected(unusable("The file is no UTF-8, so pveplan did not write it."));
  const auto value = schema::parse_json(bytes);
  if (value && value->has_fields() && value->find("terraform_version") != nullptr)
    return std::unexpected(unusable(
        "The file is a state of Terraform or OpenTofu. Take its objects in with [[import]]."));
  return read_snapshot(bytes);
}

schema::Result<StateFile> replacement(StateFile offered, const StateFile* current, bool force,
                                      std::uint64_t highest) {
  const auto why = current == nullptr ? std::string() : objection(offered, *current);
  const bool overridden = !why.empty();
  if (overridden && !force) return std::unexpected(refused(why));
  if (overridden && current->lineage == offered.lineage) {
    // Numbers are never used twice, and old backups of guests go by retired ids.
    offered.next_intent = std::max(offered.next_intent, current->next_intent);
    offered.retired_vmids.insert(current->retired_vmids.begin(), current->retired_vmids.end());
  }
  const auto used = std::max(current == nullptr ? 0 : current->serial, highest);
  const bool unreadable = current == nullptr && highest > 0;
  if (overridden || (unreadable && force)) offered.serial = std::max(offered.serial, used) + 1;
  return offered;
}

std::uint64_t newest_backup(const StorePlace& place) {
  const auto serials = backup_serials(place);
  return serials.empty() ? 0 : serials.front();
}

schema::Result<void> put_aside(const StorePlace& place, const StateFile* current) {
  if (auto done = make_folder(place.files, place.backups()); !done) return done;
  const bool same = folder_holds(place, current);
  if (current != nullptr) {
    const auto path = place.backup(current->serial);
    if (auto done = replace_file(place.files, path, write_snapshot(*current)); !done) return done;
    prune_backups(place);
  }
  for (const auto& path : {place.snapshot(), place.journal()}) {
    if (same || !place.files.exists(path)) continue;
    if (auto done = copy_aside(place, path); !done) return done;
  }
  return remove_durably(place.files, place.journal());
}

}  // namespace pveplan::state
