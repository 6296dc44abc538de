#include "tests/support/sim_files.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace pveplan::sim {

using async::FileError;
using async::FileResult;

class SimAppendFile : public async::AppendFile {
 public:
  SimAppendFile(SimFiles& files, InodeRef inode, std::string path)
      : files_(files), inode_(std::move(inode)), path_(std::move(path)) {}

  FileResult<void> append(std::string_view bytes) override {
    const auto fault = files_.begin("append", path_, std::string(bytes));
    return files_.end(files_.append_to(*inode_, bytes, fault), "append", path_);
  }
  FileResult<void> sync() override {
    const auto fault = files_.begin("sync", path_);
    return files_.end(files_.sync_inode(*inode_, fault), "sync", path_);
  }
  FileResult<void> preallocate(std::uint64_t bytes) override {
    auto code = files_.begin("preallocate", path_, std::to_string(bytes));
    if (!code && files_.disk_.room_for(*inode_, bytes) < bytes) code = ENOSPC;
    if (!code) inode_->reserved = std::max(inode_->reserved, inode_->content.size() + bytes);
    return files_.end(code.value_or(0), "preallocate", path_);
  }

 private:
  SimFiles& files_;
  InodeRef inode_;
  std::string path_;
};

namespace {

/// Released when it is destroyed: the kernel does the same for a process that ends.
class SimFileLock : public async::FileLock {
 public:
  SimFileLock(InodeRef inode, std::uint64_t lock) : inode_(std::move(inode)), lock_(lock) {
    inode_->lock = lock;
  }
  ~SimFileLock() override {
    if (inode_->lock == lock_) inode_->lock = 0;
  }

 private:
  InodeRef inode_;
  std::uint64_t lock_;
};

}  // namespace

SimFiles::SimFiles(SimDisk& disk, SimControl& control, SimRandom& draws,
                   std::string working_directory)
    : disk_(disk),
      control_(control),
      draws_(draws),
      working_directory_(std::move(working_directory)) {}

std::string SimFiles::absolute(const std::string& path) const {
  std::string result = path.starts_with('/') ? path : working_directory_ + "/" + path;
  for (auto dot = result.find("/./"); dot != std::string::npos; dot = result.find("/./")) {
    result.erase(dot, 2);
  }
  while (result.ends_with("/.")) result.resize(result.size() - 2);
  while (result.size() > 1 && result.ends_with('/')) result.pop_back();
  return result.empty() ? "/" : result;
}

std::optional<int> SimFiles::scripted_fault(const std::string& operation, const std::string& path) {
  std::optional<int> code;
  for (SimFileFault& fault : faults_) {
    const bool matches = (fault.operation.empty() || fault.operation == operation) &&
                         path.find(fault.path_part) != std::string::npos;
    if (!matches || fault.nth == 0) continue;
    if (--fault.nth > 0) continue;
    if (fault.from_then_on) fault.nth = 1;
    code = fault.code;
  }
  return code;
}

std::optional<int> SimFiles::begin(const std::string& operation, const std::string& path,
                                   const std::string& detail) {
  if (!control_.enter(fmt::format("file {} {} {}", operation, path, detail))) return EIO;
  return scripted_fault(operation, path);
}

FileError SimFiles::error(int code, const std::string& operation, const std::string& path) {
  return FileError{.code = code, .path = path, .operation = operation};
}

FileResult<void> SimFiles::end(int code, const std::string& operation, const std::string& path) {
  control_.note(fmt::format("= {}", code));
  if (code != 0) return std::unexpected(error(code, operation, path));
  return {};
}

int SimFiles::append_to(Inode& inode, std::string_view bytes, std::optional<int> fault) {
  if (control_.stopped()) return EIO;
  std::uint64_t room = disk_.room_for(inode, bytes.size());
  if (fault) room = draws_.below(std::min<std::uint64_t>(room, bytes.size()) + 1);
  inode.content += bytes.substr(0, room);
  if (fault) return *fault;
  return room < bytes.size() ? ENOSPC : 0;
}

int SimFiles::sync_inode(Inode& inode, std::optional<int> fault) {
  if (control_.stopped()) return EIO;
  if (fault) {
    inode.fail_sync();
    return *fault;
  }
  inode.sync();
  return 0;
}

int SimFiles::create(const std::string& path, unsigned mode, InodeRef& inode) {
  inode = disk_.find(path);
  if (inode) return inode->directory ? EISDIR : 0;
  const InodeRef folder = disk_.find(SimDisk::parent(path));
  if (!folder) return ENOENT;
  if (!folder->directory) return ENOTDIR;
  inode = std::make_shared<Inode>();
  inode->mode = mode;
  disk_.change_names({{path, inode}});
  return 0;
}

FileResult<std::string> SimFiles::read(const std::string& path) {
  const std::string full = absolute(path);
  auto code = begin("read", full);
  const InodeRef inode = disk_.find(full);
  if (!code && !inode) code = ENOENT;
  if (!code && inode->directory) code = EISDIR;
  control_.note(code ? fmt::format("= {}", *code) : inode->content);
  if (code) return std::unexpected(error(*code, "read", path));
  return inode->content;
}

bool SimFiles::exists(const std::string& path) {
  const std::string full = absolute(path);
  const bool found = control_.enter("file exists " + full) && disk_.find(full) != nullptr;
  control_.note(found ? "= yes" : "= no");
  return found;
}

FileResult<void> SimFiles::write(const std::string& path, std::string_view bytes, unsigned mode) {
  const std::string full = absolute(path);
  const auto fault = begin("write", full, std::string(bytes));
  if (control_.stopped()) return end(EIO, "write", path);
  InodeRef inode;
  if (const int code = create(full, mode, inode); code != 0) return end(code, "write", path);
  if (!inode->content.empty()) inode->replaced = true;
  inode->content.clear();
  inode->reserved = 0;
  return end(append_to(*inode, bytes, fault), "write", path);
}

FileResult<void> SimFiles::sync_file(const std::string& path) {
  const std::string full = absolute(path);
  const auto fault = begin("sync", full);
  const InodeRef inode = disk_.find(full);
  return end(inode ? sync_inode(*inode, fault) : ENOENT, "sync", path);
}

FileResult<void> SimFiles::sync_directory(const std::string& path) {
  const std::string full = absolute(path);
  auto code = begin("sync", full);
  const InodeRef inode = disk_.find(full);
  if (!code && !inode) code = ENOENT;
  if (!code && !inode->directory) code = ENOTDIR;
  if (!code) disk_.sync_directory(full);
  return end(code.value_or(0), "sync", path);
}

FileResult<void> SimFiles::rename(const std::string& from, const std::string& to) {
  const std::string full_from = absolute(from);
  const std::string full_to = absolute(to);
  auto code = begin("rename", full_from, full_to);
  const InodeRef inode = disk_.find(full_from);
  const InodeRef target = disk_.find(full_to);
  if (!code && (!inode || !disk_.find(SimDisk::parent(full_to)))) code = ENOENT;
  if (!code && (inode->directory || (target && target->directory))) code = EISDIR;
  if (!code) disk_.change_names({{full_from, nullptr}, {full_to, inode}});
  return end(code.value_or(0), "rename", from);
}

FileResult<void> SimFiles::remove(const std::string& path) {
  const std::string full = absolute(path);
  auto code = begin("remove", full);
  const InodeRef inode = disk_.find(full);
  if (!code && !inode) code = ENOENT;
  if (!code && inode->directory) code = EISDIR;
  if (!code) disk_.change_names({{full, nullptr}});
  return end(code.value_or(0), "remove", path);
}

FileResult<void> SimFiles::make_directories(const std::string& path, unsigned mode) {
  const std::string full = absolute(path);
  auto code = begin("create the folder", full);
  for (std::size_t slash = 1; !code && slash != 0;) {
    slash = full.find('/', slash);
    const std::string part = full.substr(0, slash);
    slash = slash == std::string::npos ? 0 : slash + 1;
    const InodeRef found = disk_.find(part);
    if (found && !found->directory) code = ENOTDIR;
    if (found) continue;
    auto made = std::make_shared<Inode>();
    made->directory = true;
    made->mode = mode;
    disk_.change_names({{part, made}});
  }
  return end(code.value_or(0), "create the folder", path);
}

FileResult<std::vector<std::string>> SimFiles::list(const std::string& path) {
  const std::string full = absolute(path);
  auto code = begin("list", full);
  const InodeRef inode = disk_.find(full);
  if (!code && !inode) code = ENOENT;
  if (!code && !inode->directory) code = ENOTDIR;
  if (code) return std::unexpected(end(*code, "list", path).error());
  auto names = disk_.list(full);
  control_.note(fmt::format("{}", fmt::join(names, " ")));
  return names;
}

FileResult<std::unique_ptr<async::AppendFile>> SimFiles::open_append(const std::string& path,
                                                                     unsigned mode) {
  const std::string full = absolute(path);
  auto code = begin("open", full);
  InodeRef inode;
  if (!code) code = create(full, mode, inode);
  const auto ended = end(*code, "open", path);
  if (!ended) return std::unexpected(ended.error());
  return std::make_unique<SimAppendFile>(*this, inode, full);
}

FileResult<std::unique_ptr<async::FileLock>> SimFiles::try_lock(const std::string& path) {
  const std::string full = absolute(path);
  auto code = begin("lock", full);
  InodeRef inode;
  if (!code) code = create(full, 0644, inode);
  const bool held = *code == 0 && inode->lock != 0;
  const auto ended = end(*code, held ? "lock (held)" : "lock", path);
  if (!ended) return std::unexpected(ended.error());
  if (held) return nullptr;
  return std::make_unique<SimFileLock>(inode, disk_.new_lock());
}

FileResult<std::uint64_t> SimFiles::size(const std::string& path) {
  const std::string full = absolute(path);
  auto code = begin("stat", full);
  const InodeRef inode = disk_.find(full);
  if (!code && !inode) code = ENOENT;
  const auto ended = end(code.value_or(0), "stat", path);
  if (!ended) return std::unexpected(ended.error());
  return inode->content.size();
}

}  // namespace pveplan::sim
