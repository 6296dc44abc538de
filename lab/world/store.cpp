#include "lab/world/store.hpp"

#include "schema/json.hpp"

#include <fmt/format.h>

namespace pveplan::lab {
namespace {

schema::Diagnostic unreadable(const std::string& path, const std::string& why) {
  return schema::error(
      "Cannot read the lab's world",
      fmt::format("The file '{}' holds no world: {}. Make a new one with `pveplan lab "
                  "init`.",
                  path, why));
}

schema::Diagnostic unwritable(const async::FileError& cause) {
  return schema::error("Cannot save the lab's world", cause.text() + ".");
}

}  // namespace

WorldStore::WorldStore(async::Files& files, std::string folder)
    : files_(files), folder_(std::move(folder)) {}

bool WorldStore::exists() const { return files_.exists(folder_ + "/world.json"); }

schema::Result<World> WorldStore::load() {
  const std::string path = folder_ + "/world.json";
  auto text = files_.read(path);
  if (!text) return std::unexpected(unreadable(path, text.error().text()));
  const auto value = schema::parse_json(*text);
  if (!value) return std::unexpected(unreadable(path, value.error().detail));
  World world;
  if (!from_value(*value, world))
    return std::unexpected(unreadable(path, "a field has another type"));
  if (world.nodes.empty()) return std::unexpected(unreadable(path, "it has no node"));
  written_ = std::move(*text);
  return world;
}

schema::Result<void> WorldStore::save(const World& world) {
  std::string text = schema::to_pretty_json(to_value(world));
  if (text == written_) return {};
  const std::string path = folder_ + "/world.json";
  const std::string temporary = path + ".new";
  const auto failed = [](const async::FileError& cause) {
    return std::unexpected(unwritable(cause));
  };
  if (auto made = files_.make_directories(folder_, 0700); !made) return failed(made.error());
  if (auto put = files_.write(temporary, text, 0600); !put) return failed(put.error());
  if (auto synced = files_.sync_file(temporary); !synced) return failed(synced.error());
  if (auto moved = files_.rename(temporary, path); !moved) return failed(moved.error());
  if (auto synced = files_.sync_directory(folder_); !synced) return failed(synced.error());
  written_ = std::move(text);
  return {};
}

}  // namespace pveplan::lab
