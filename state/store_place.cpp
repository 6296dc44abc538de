#include "state/store_place.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <vector>

namespace pveplan::state {
namespace {

constexpr const char* kNotWritten = "State cannot be written";

std::string parent_of(const std::string& path) {
  const auto slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

/// The serial in "12.json"; nullopt for other names.
std::optional<std::uint64_t> serial_of(const std::string& name) {
  constexpr std::string_view kSuffix = ".json";
  if (!name.ends_with(kSuffix)) return std::nullopt;
  const auto* end = name.data() + name.size() - kSuffix.size();
  std::uint64_t serial = 0;
  const auto [stop, code] = std::from_chars(name.data(), end, serial);
  if (code != std::errc() || stop != end) return std::nullopt;
  return serial;
}

}  // namespace

std::string StorePlace::backup(std::uint64_t serial) const {
  return fmt::format("{}/{}.json", backups(), serial);
}

std::string StorePlace::who() const { return environment.user() + "@" + environment.host_name(); }

std::string StorePlace::now() const {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(clock.wall())));
}

schema::Diagnostic cannot(const char* summary, const async::FileError& problem) {
  return schema::error(summary, "The system says: " + problem.text() + ".");
}

schema::Result<void> make_folder(async::Files& files, const std::string& path) {
  if (files.exists(path)) return {};
  if (auto made = files.make_directories(path, kFolderMode); !made) {
    return std::unexpected(cannot(kNotWritten, made.error()));
  }
  return {};
}

schema::Result<void> sync_above(async::Files& files, const std::string& folder) {
  for (const auto& above : {parent_of(folder), parent_of(parent_of(folder))}) {
    if (auto synced = files.sync_directory(above); !synced) {
      return std::unexpected(cannot(kNotWritten, synced.error()));
    }
  }
  return {};
}

schema::Result<void> prepare_file(async::Files& files, const std::string& path,
                                  std::string_view bytes) {
  const auto temporary = path + ".new";
  auto done = files.write(temporary, bytes, kFileMode);
  if (done) done = files.sync_file(temporary);
  if (done) return {};
  const auto problem = done.error();
  (void)files.remove(temporary);  // a full disk needs the room; a leftover does no harm
  return std::unexpected(cannot(kNotWritten, problem));
}

schema::Result<void> commit_file(async::Files& files, const std::string& path) {
  auto done = files.rename(path + ".new", path);
  if (done) done = files.sync_directory(parent_of(path));
  if (!done) return std::unexpected(cannot(kNotWritten, done.error()));
  return {};
}

schema::Result<void> replace_file(async::Files& files, const std::string& path,
                                  std::string_view bytes) {
  auto done = prepare_file(files, path, bytes);
  return done ? commit_file(files, path) : done;
}

schema::Result<void> remove_durably(async::Files& files, const std::string& path) {
  if (!files.exists(path)) return {};
  auto done = files.remove(path);
  if (done) done = files.sync_directory(parent_of(path));
  if (!done) return std::unexpected(cannot(kNotWritten, done.error()));
  return {};
}

std::vector<std::uint64_t> backup_serials(const StorePlace& place) {
  std::vector<std::uint64_t> serials;
  const auto names = place.files.list(place.backups());
  if (!names) return serials;
  for (const auto& name : *names) {
    if (const auto serial = serial_of(name)) serials.push_back(*serial);
  }
  std::sort(serials.begin(), serials.end(), std::greater<>());
  return serials;
}

void prune_backups(const StorePlace& place) {
  const auto serials = backup_serials(place);
  for (std::size_t i = place.limits.backups; i < serials.size(); ++i) {
    (void)place.files.remove(place.backup(serials[i]));  // one generation too many does no harm
  }
}

}  // namespace pveplan::state
