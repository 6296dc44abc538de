#include "tests/support/sim_disk.hpp"

#include <algorithm>

namespace pveplan::sim {
namespace {

void write_names(const SimDisk::Names& names, std::map<std::string, InodeRef>& to) {
  for (const auto& [path, inode] : names) {
    if (inode) {
      to[path] = inode;
    } else {
      to.erase(path);
    }
  }
}

}  // namespace

void Inode::fail_sync() {
  const std::size_t clean = replaced ? 0 : durable.size();
  durable = content.substr(0, clean) + std::string(content.size() - clean, '\0');
  replaced = false;
}

/// The unsynced part survives up to a byte that is drawn; of a replaced file, perhaps the old
/// content.
void Inode::lose_power(SimRandom& draws) {
  if (!replaced || draws.one_in(2)) {
    const std::size_t sure = replaced ? 0 : std::min(durable.size(), content.size());
    const std::size_t kept = sure + draws.below(content.size() - sure + 1);
    durable = durable.substr(0, sure) + content.substr(sure, kept - sure);
  }
  content = durable;
  replaced = false;
}

SimDisk::SimDisk(SimRandom& draws) : draws_(draws) {
  auto root = std::make_shared<Inode>();
  root->directory = true;
  root->mode = 0755;
  names_["/"] = durable_names_["/"] = root;
}

std::string SimDisk::parent(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

InodeRef SimDisk::find(const std::string& path) const {
  const auto found = names_.find(path);
  return found == names_.end() ? nullptr : found->second;
}

void SimDisk::change_names(const Names& names) {
  write_names(names, names_);
  unsynced_.push_back(names);
}

void SimDisk::sync_directory(const std::string& path) {
  std::erase_if(unsynced_, [&](const Names& names) {
    const bool here = std::any_of(names.begin(), names.end(),
                                  [&](const auto& name) { return parent(name.first) == path; });
    if (here) write_names(names, durable_names_);
    return here;
  });
}

std::vector<std::string> SimDisk::list(const std::string& path) const {
  std::vector<std::string> found;
  const std::string prefix = path == "/" ? path : path + "/";
  for (auto entry = names_.upper_bound(prefix); entry != names_.end(); ++entry) {
    if (!entry->first.starts_with(prefix)) break;
    std::string name = entry->first.substr(prefix.size());
    if (name.find('/') == std::string::npos) found.push_back(std::move(name));
  }
  return found;
}

std::uint64_t SimDisk::room_for(const Inode& inode, std::uint64_t bytes) const {
  if (!capacity_) return bytes;
  std::uint64_t used = 0;
  for (const auto& [path, each] : names_) {
    used += std::max<std::uint64_t>(each->content.size(), each->reserved);
  }
  const std::uint64_t own = std::max<std::uint64_t>(inode.content.size(), inode.reserved);
  const std::uint64_t free = *capacity_ > used ? *capacity_ - used : 0;
  return std::min(bytes, own - inode.content.size() + free);
}

void SimDisk::crash(Crash kind) {
  for (const auto& [path, inode] : names_) inode->lock = 0;
  for (const auto& [path, inode] : durable_names_) inode->lock = 0;
  if (kind == Crash::process_killed) return;
  const std::size_t survived = draws_.below(unsynced_.size() + 1);
  for (std::size_t i = 0; i < survived; ++i) write_names(unsynced_[i], durable_names_);
  unsynced_.clear();
  names_ = durable_names_;
  drop_orphans();
  for (const auto& [path, inode] : names_) inode->lose_power(draws_);
}

/// A file whose folder was not durable is gone, whatever happened to its own name.
void SimDisk::drop_orphans() {
  for (auto entry = names_.begin(); entry != names_.end();) {
    const bool orphan = entry->first != "/" && !names_.contains(parent(entry->first));
    entry = orphan ? names_.erase(entry) : std::next(entry);
  }
  durable_names_ = names_;
}

std::optional<std::string> SimDisk::content(const std::string& path) const {
  const InodeRef inode = find(path);
  if (!inode || inode->directory) return std::nullopt;
  return inode->content;
}

void SimDisk::place(const std::string& path, std::string content, unsigned mode) {
  for (std::string folder = parent(path); !find(folder); folder = parent(folder)) {
    auto made = std::make_shared<Inode>();
    made->directory = true;
    made->mode = 0755;
    names_[folder] = durable_names_[folder] = made;
  }
  auto made = std::make_shared<Inode>();
  made->mode = mode;
  made->content = std::move(content);
  made->sync();
  names_[path] = durable_names_[path] = made;
}

}  // namespace pveplan::sim
