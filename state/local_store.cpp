#include "state/local_store.hpp"

#include "state/lock_info.hpp"
#include "state/store_reader.hpp"

#include <fmt/format.h>

#include <utility>

namespace pveplan::state {

LocalStore::LocalStore(async::Files& files, async::Random& random, async::Clock& clock,
                       async::Environment& environment, std::string directory, std::string program,
                       StoreLimits limits)
    : place_{files, random, clock, environment, std::move(directory), std::move(program), limits} {}

schema::Result<Loaded> LocalStore::load() const {
  auto content = read_store(place_);
  if (!content) return std::unexpected(content.error());
  Loaded loaded;
  loaded.state = std::move(content->state);
  loaded.exists = content->exists;
  if (content->journal_torn) {
    loaded.warnings.add(schema::warning(
        "Unfinished record in the journal",
        fmt::format("The last record of '{}' is incomplete and was left out: a run was interrupted "
                    "while it wrote, or is writing now.",
                    place_.journal())));
  }
  return loaded;
}

schema::Result<std::unique_ptr<Session>> LocalStore::lock(std::string operation) const {
  if (auto made = make_folder(place_.files, place_.directory); !made) {
    return std::unexpected(made.error());
  }
  auto lock = place_.files.try_lock(place_.lock());
  if (!lock) return std::unexpected(cannot("State cannot be locked", lock.error()));
  if (*lock == nullptr) {
    const auto text = place_.files.read(place_.lock());
    return std::unexpected(is_locked(place_, read_lock_info(text ? *text : std::string())));
  }
  auto content = read_store(place_);
  if (!content) return std::unexpected(content.error());
  auto info = make_lock_info(place_, std::move(operation));
  if (auto written = place_.files.write(place_.lock(), write_lock_info(info), kFileMode);
      !written) {
    return std::unexpected(cannot("State cannot be locked", written.error()));
  }
  return std::make_unique<Session>(place_, std::move(*lock), std::move(info), std::move(*content));
}

}  // namespace pveplan::state
