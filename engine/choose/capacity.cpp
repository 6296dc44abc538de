#include "engine/choose/capacity.hpp"

#include "engine/choose/clone_source.hpp"
#include "engine/choose/schema_walk.hpp"
#include "schema/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace pveplan::engine {

using model::Action;
using model::Change;
using schema::Path;
using schema::Value;

namespace {

/// What a plan takes of a storage. Nobody knows the size of what is filled from an image before
/// that has been unpacked.
struct Room {
  std::uint64_t disks = 0;        ///< bytes
  std::uint64_t images = 0;       ///< bytes of files that are downloaded
  std::size_t like_image = 0;     ///< disks as large as their image turns out
  std::size_t like_template = 0;  ///< and as a template that does not exist yet, or is not ours
};
/// By node and storage.
using Rooms = std::map<std::pair<std::string, std::string>, Room>;

std::uint64_t bytes_at(const Value* object, std::string_view name) {
  const Value* held = object == nullptr ? nullptr : object->find(name);
  const bool known = held != nullptr && held->kind() == Value::Kind::integer;
  return known && held->as_integer() > 0 ? static_cast<std::uint64_t>(held->as_integer()) : 0;
}

class RoomCount {
 public:
  RoomCount(const model::Plan& plan, const LiveState& live) : plan_(plan), live_(live) {}

  Rooms count() {
    for (const auto& change : plan_.changes) {
      const bool makes = change.action == Action::create || change.action == Action::replace;
      if (makes && change.address.type == "image") count_download(change);
      if (change.action == Action::create) count_new(change);
      if (change.action == Action::update || change.action == Action::replace) count_growth(change);
    }
    return std::move(rooms_);
  }

 private:
  /// The lock file has the size; without one nothing is claimed. An older version of the image
  /// stays until nothing uses it any more, so the new one needs all of its room.
  void count_download(const Change& change) {
    const auto bytes = bytes_at(&change.after, "size");
    const auto storage = text_at(change.after, "storage");
    if (bytes == 0 || storage.empty()) return;
    rooms_[{text_at(change.identity, "node"), storage}].images += bytes;
  }

  /// A guest's own disks, and the first one of what is made from an image or a template, which need
  /// not be stated.
  void count_new(const Change& change) {
    const auto source = clone_source(change, plan_, live_);
    const bool filled = !text_at(change.after, "image").empty();
    bool has_first = false;
    for (const auto& [name, disk] : disks_of(change.after)) {
      has_first = has_first || name == "os";
      count_new_disk(change, name, disk, source ? &*source : nullptr);
    }
    if (filled && !has_first) count_new_disk(change, "os", Value(), nullptr);
  }

  void count_new_disk(const Change& change, const std::string& name, const Value& disk,
                      const CloneSource* source) {
    const bool cloned = name == "os" && !text_at(change.after, "template").empty();
    // What a linked clone has in common with its template takes nothing.
    if (cloned && text_at(change.after, "clone") == "linked") return;
    auto storage = storage_of(change, disk);
    if (storage.empty() && source != nullptr) storage = text_at(source->attributes, "storage");
    if (storage.empty()) return;
    auto& room = rooms_[{text_at(change.identity, "node"), storage}];
    auto bytes = bytes_at(&disk, "size");
    if (bytes == 0 && cloned && source != nullptr) bytes = size_of_template(*source, name);
    auto image = text_at(disk, "image");
    if (image.empty() && name == "os") image = text_at(change.after, "image");
    if (bytes == 0) bytes = size_of_image(image, text_at(change.identity, "node"));
    room.disks += bytes;
    if (bytes > 0) return;
    if (cloned) ++room.like_template;
    if (!image.empty()) ++room.like_image;
  }

  /// Only what a disk gets more than it has. A replaced guest's volumes go before the new ones
  /// come.
  void count_growth(const Change& change) {
    const auto node = text_at(change.identity, "node");
    for (const auto& [name, disk] : disks_of(change.after)) {
      const Value* before = change.before.find(Path({"disk", name}));
      if (before == nullptr) {
        count_new_disk(change, name, disk, nullptr);
        continue;
      }
      const auto was = text_at(*before, "storage");
      auto storage = storage_of(change, disk);
      if (storage.empty()) storage = was;
      const auto had = was.empty() || was == storage ? bytes_at(before, "size") : 0;
      const auto wanted = bytes_at(&disk, "size");
      if (wanted > had && !storage.empty()) rooms_[{node, storage}].disks += wanted - had;
    }
  }

  static Value::Fields disks_of(const Value& attributes) {
    const Value* disks = attributes.find("disk");
    return disks != nullptr && disks->has_fields() ? disks->as_fields() : Value::Fields();
  }
  static std::string storage_of(const Change& change, const Value& disk) {
    auto storage = text_at(disk, "storage");
    return storage.empty() ? text_at(change.after, "storage") : storage;
  }

  std::uint64_t size_of_template(const CloneSource& source, const std::string& name) const {
    const auto size = source.disk_size(name);
    if (size > 0) return size;
    return size_of_image(text_at(source.attributes, "image"), text_at(source.identity, "node"));
  }

  /// The lock file has the size of the file, which is that of the disk only when it is raw.
  std::uint64_t size_of_image(const std::string& name, const std::string& node) const {
    if (name.empty()) return 0;
    for (const auto& key : {std::optional(node), std::optional<std::string>()}) {
      const Value* image = attributes_of({"image", name, "", key});
      if (image != nullptr && text_at(*image, "format") == "raw") return bytes_at(image, "size");
    }
    return 0;
  }
  const Value* attributes_of(const schema::ResourceAddress& address) const {
    if (const auto* change = plan_.change(address); change != nullptr) return &change->after;
    const auto seen = live_.objects.find(address);
    const auto* object =
        seen == live_.objects.end() ? nullptr : std::get_if<model::LiveObject>(&seen->second);
    return object == nullptr ? nullptr : &object->attributes;
  }

  const model::Plan& plan_;
  const LiveState& live_;
  Rooms rooms_;
};

std::string like(std::size_t count, const char* one, const char* many) {
  return count == 1 ? fmt::format("1 disk as large as its {}", one)
                    : fmt::format("{} disks as large as their {}", count, many);
}

std::string unknown_text(const Room& room) {
  std::string text;
  if (room.like_image > 0) text = " less " + like(room.like_image, "image", "images");
  if (room.like_template > 0)
    text += (text.empty() ? " less " : " and ") + like(room.like_template, "template", "templates");
  return text;
}

/// All that is taken of one storage.
struct StorageUse {
  const model::StorageFacts* facts = nullptr;
  Room room;
};

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;

/// A file has any number of bytes: whole MiB are what a person wants to know.
std::string size_text(std::uint64_t bytes) {
  return schema::readable_size((bytes + kMiB - 1) / kMiB * kMiB);
}
/// Of what is free whole GiB say enough.
std::string free_text(std::uint64_t bytes) {
  const auto unit = bytes < kGiB ? kMiB : kGiB;
  return schema::readable_size(bytes / unit * unit);
}

std::string contents_text(const Room& room) {
  if (room.images == 0) return size_text(room.disks) + " of disks";
  const auto images = size_text(room.images) + " of images";
  return room.disks == 0 ? images
                         : fmt::format("{} and {} of disks", images, size_text(room.disks));
}

/// Images are written as a whole at once, disks as far as their guests fill them.
schema::Diagnostic too_much(const std::string& name, const Room& room, std::uint64_t free) {
  const char* outlook = room.images > free ? "their download fails when it is full"
                                           : "it may run full when the guests fill their disks";
  return schema::warning("More than is free",
                         fmt::format("This plan puts {} on {}, which has {} free: {}.",
                                     contents_text(room), name, free_text(free), outlook));
}

}  // namespace

const model::StorageFacts* storage_on(const model::ClusterFacts& cluster, const std::string& node,
                                      const std::string& name) {
  const model::StorageFacts* found = nullptr;
  for (const auto& each : cluster.storages) {
    if (each.storage != name || (!node.empty() && each.node != node)) continue;
    if (found == nullptr || (each.available && !found->available)) found = &each;
  }
  return found;
}

void describe_capacity(model::Plan& plan, const model::ClusterFacts& cluster,
                       const LiveState& live) {
  std::map<std::string, StorageUse> claims;
  for (const auto& [place, room] : RoomCount(plan, live).count()) {
    const auto* facts = storage_on(cluster, place.first, place.second);
    if (facts == nullptr || facts->total == 0) continue;
    auto& claim = claims[facts->shared ? place.second : place.second + " " + place.first];
    if (claim.facts == nullptr) claim.facts = facts;
    claim.room.disks += room.disks;
    claim.room.images += room.images;
    claim.room.like_image += room.like_image;
    claim.room.like_template += room.like_template;
  }
  for (const auto& [name, claim] : claims) {
    const auto& [facts, room] = claim;
    const auto free = facts->total - std::min(facts->used, facts->total);
    const auto taken = room.disks + room.images;
    if (taken > free) plan.warnings.push_back(too_much(name, room, free));
    plan.capacity.push_back(fmt::format("{} {} of {} GiB{}", name,
                                        (free - std::min(taken, free)) / kGiB, facts->total / kGiB,
                                        unknown_text(room)));
  }
}

}  // namespace pveplan::engine
