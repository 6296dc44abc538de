#include "state/store_reader.hpp"

#include "state/record.hpp"
#include "state/snapshot.hpp"
#include "state/state_v1.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <optional>

namespace pveplan::state {
namespace {

/// nullopt when there is no such file.
schema::Result<std::optional<std::string>> read_if_there(async::Files& files,
                                                         const std::string& path) {
  auto bytes = files.read(path);
  if (bytes) return std::optional<std::string>(std::move(*bytes));
  if (bytes.error().code == ENOENT) return std::optional<std::string>();
  return std::unexpected(cannot("State cannot be read", bytes.error()));
}

schema::Diagnostic mismatch(const StorePlace& place, const std::string& what) {
  return schema::error(
      "Journal of another state",
      fmt::format(
          "{} Nothing was changed. If '{}' was put back from a backup, keep the journal '{}' "
          "aside under another name and run `pveplan state rebuild`, which finds the guests that "
          "it had added; otherwise restore both files from one copy.",
          what, place.snapshot(), place.journal()));
}

schema::Diagnostic lost(const StorePlace& place, const std::string& witness) {
  return schema::error(
      "State lost", fmt::format("'{}' is gone, but '{}' shows that there was one. Put the newest "
                                "file of '{}' back as docs/state-format.md describes and run "
                                "`pveplan state rebuild`, which finds the guests that were made "
                                "since; or, to begin anew, move the folder '{}' away.",
                                place.snapshot(), witness, place.backups(), place.directory));
}

/// Without a snapshot there must be nothing else either: no crash leaves that.
schema::Result<void> check_never_written(const StorePlace& place,
                                         const std::optional<std::string>& journal) {
  if (journal) return std::unexpected(lost(place, place.journal()));
  const auto backups = place.files.list(place.backups());
  if (backups && !backups->empty()) return std::unexpected(lost(place, place.backups()));
  return {};
}

schema::Result<RunStarted> read_base(const StorePlace& place, const JournalFrames& frames) {
  if (frames.payloads.empty()) {
    return std::unexpected(schema::error(
        "Damaged journal",
        fmt::format("'{}' has no readable first record: no crash leaves that. Nothing was changed. "
                    "Restore the file from a copy; without one, keep it aside under another name, "
                    "go on with '{}' alone, and run `pveplan state rebuild`, which finds the "
                    "guests that are missing.",
                    place.journal(), place.snapshot())));
  }
  auto record = read_record(frames.payloads.front());
  if (!record) return std::unexpected(record.error());
  auto* run = std::get_if<RunStarted>(&record->body);
  if (run == nullptr) {
    return std::unexpected(mismatch(place, "The journal does not say which state it continues."));
  }
  if (run->format > v1::kFormat) {
    return std::unexpected(schema::error(
        "State of a newer version",
        fmt::format(
            "The journal has format {}, written by pveplan {}; this program reads format {} "
            "and older. Use pveplan {} or newer.",
            run->format, run->program, v1::kFormat, run->program)));
  }
  return std::move(*run);
}

/// Whether the journal is to be replayed on the snapshot: false when it was absorbed already.
schema::Result<bool> continues(const StorePlace& place, const RunStarted& base,
                               const StoreContent& content) {
  if (base.lineage != content.state.lineage) {
    return std::unexpected(mismatch(place, "The journal belongs to a state of another lineage."));
  }
  if (base.base_serial < content.snapshot_serial) return false;
  if (base.base_serial > content.snapshot_serial) {
    return std::unexpected(mismatch(
        place, fmt::format("The journal continues serial {}, but the state is at serial {}.",
                           base.base_serial, content.snapshot_serial)));
  }
  if (base.base_hash != content.snapshot_hash) {
    return std::unexpected(mismatch(
        place,
        fmt::format("The journal continues another state with the serial {}.", base.base_serial)));
  }
  return true;
}

schema::Result<void> add_journal(const StorePlace& place, std::string bytes,
                                 StoreContent& content) {
  const auto frames = cut_journal(bytes);
  if (!frames) return std::unexpected(frames.error());
  const auto base = read_base(place, *frames);
  if (!base) return std::unexpected(base.error());
  const auto valid = continues(place, *base, content);
  if (!valid) return std::unexpected(valid.error());
  if (!*valid) return {};
  if (auto replayed = replay(*frames, content.state); !replayed) {
    auto problem = replayed.error();
    problem.detail += " The journal was written by pveplan " + base->program +
                      ". Nothing was changed; docs/state-format.md says how to go on.";
    return std::unexpected(problem);
  }
  content.journal_torn = frames->torn;
  bytes.resize(frames->valid_bytes);
  content.journal = std::move(bytes);
  return {};
}

}  // namespace

schema::Result<StoreContent> read_store(const StorePlace& place) {
  // The journal first: a new one appears only after its snapshot, so what is read second is never
  // older than what was read first, whatever another process does meanwhile.
  auto journal = read_if_there(place.files, place.journal());
  if (!journal) return std::unexpected(journal.error());
  const auto snapshot = read_if_there(place.files, place.snapshot());
  if (!snapshot) return std::unexpected(snapshot.error());

  StoreContent content;
  if (!*snapshot) {
    if (auto checked = check_never_written(place, *journal); !checked) {
      return std::unexpected(checked.error());
    }
    return content;
  }
  auto state = read_snapshot(**snapshot);
  if (!state) {
    auto problem = state.error();
    problem.detail = fmt::format("'{}' cannot be used. {}", place.snapshot(), problem.detail);
    return std::unexpected(std::move(problem));
  }
  content.state = std::move(*state);
  content.exists = true;
  content.snapshot_hash = snapshot_hash(**snapshot);
  content.snapshot_serial = content.state.serial;
  content.snapshot_bytes = (*snapshot)->size();
  if (*journal) {
    if (auto added = add_journal(place, std::move(**journal), content); !added) {
      return std::unexpected(added.error());
    }
  }
  return content;
}

}  // namespace pveplan::state
