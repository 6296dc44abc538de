#include "providers/async/real_files.hpp"

#include "providers/async/file_descriptor.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace pveplan::async {
namespace {

std::unexpected<FileError> failure(const char* operation, const std::string& path,
                                   int code = errno) {
  return std::unexpected(FileError{.code = code, .path = path, .operation = operation});
}

/// Repeats a system call that a signal has interrupted.
template <typename Call>
auto uninterrupted(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

FileDescriptor open_file(const std::string& path, int flags, unsigned mode = 0) {
  return FileDescriptor(
      uninterrupted([&] { return ::open(path.c_str(), flags | O_CLOEXEC, mode); }));
}

FileResult<void> write_all(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t size = uninterrupted([&] { return ::write(fd, bytes.data(), bytes.size()); });
    if (size < 0) return failure("write", path);
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
  return {};
}

class RealAppendFile : public AppendFile {
 public:
  RealAppendFile(FileDescriptor fd, std::string path)
      : fd_(std::move(fd)), path_(std::move(path)) {}

  FileResult<void> append(std::string_view bytes) override {
    return write_all(fd_.get(), bytes, path_);
  }
  FileResult<void> sync() override {
    if (uninterrupted([&] { return ::fdatasync(fd_.get()); }) != 0) return failure("sync", path_);
    return {};
  }
  /// The size stays, so a reader never meets zeros. File systems that cannot do it are left alone.
  FileResult<void> preallocate(std::uint64_t bytes) override {
    struct stat status {};
    if (::fstat(fd_.get(), &status) != 0) return failure("preallocate", path_);
    const auto length = static_cast<off_t>(bytes);
    const int result = uninterrupted(
        [&] { return ::fallocate(fd_.get(), FALLOC_FL_KEEP_SIZE, status.st_size, length); });
    if (result != 0 && errno != EOPNOTSUPP && errno != ENOSYS) return failure("preallocate", path_);
    return {};
  }

 private:
  FileDescriptor fd_;
  std::string path_;
};

class RealFileLock : public FileLock {
 public:
  explicit RealFileLock(FileDescriptor fd) : fd_(std::move(fd)) {}

 private:
  FileDescriptor fd_;
};

FileResult<void> make_directory(const std::string& path, unsigned mode) {
  if (::mkdir(path.c_str(), mode) == 0) return {};
  const int code = errno;
  struct stat status {};
  const bool there = ::stat(path.c_str(), &status) == 0;
  if (there && S_ISDIR(status.st_mode)) return {};
  return failure("create the folder", path, there ? ENOTDIR : code);
}

FileResult<void> sync_path(const std::string& path, int flags) {
  const FileDescriptor fd = open_file(path, O_RDONLY | flags);
  if (!fd) return failure("open", path);
  if (uninterrupted([&] { return ::fsync(fd.get()); }) != 0) return failure("sync", path);
  return {};
}

}  // namespace

FileResult<std::string> RealFiles::read(const std::string& path) {
  const FileDescriptor fd = open_file(path, O_RDONLY);
  if (!fd) return failure("read", path);
  std::string content;
  std::array<char, 64 * 1024> bytes;
  for (;;) {
    const ssize_t size =
        uninterrupted([&] { return ::read(fd.get(), bytes.data(), bytes.size()); });
    if (size < 0) return failure("read", path);
    if (size == 0) return content;
    content.append(bytes.data(), static_cast<std::size_t>(size));
  }
}

bool is_file_or_absent(const std::string& path) {
  struct stat found {};
  return ::lstat(path.c_str(), &found) != 0 || S_ISREG(found.st_mode);
}

bool is_special_file(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return false;
  return !S_ISREG(found.st_mode) && !S_ISDIR(found.st_mode);
}

bool RealFiles::exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

FileResult<void> RealFiles::write(const std::string& path, std::string_view bytes, unsigned mode) {
  const FileDescriptor fd = open_file(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
  if (!fd) return failure("write", path);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return failure("write", path);
  const mode_t permissions = status.st_mode & 07777;
  if ((permissions & ~mode) != 0 && ::fchmod(fd.get(), permissions & mode) != 0) {
    return failure("write", path);
  }
  return write_all(fd.get(), bytes, path);
}

FileResult<void> RealFiles::sync_file(const std::string& path) { return sync_path(path, 0); }

FileResult<void> RealFiles::sync_directory(const std::string& path) {
  return sync_path(path, O_DIRECTORY);
}

FileResult<void> RealFiles::rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return failure("rename", from);
  return {};
}

FileResult<void> RealFiles::remove(const std::string& path) {
  if (::unlink(path.c_str()) != 0) return failure("remove", path);
  return {};
}

FileResult<void> RealFiles::make_directories(const std::string& path, unsigned mode) {
  for (std::size_t slash = path.find('/', 1); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    const auto made = make_directory(path.substr(0, slash), mode);
    if (!made) return made;
  }
  return make_directory(path, mode);
}

FileResult<std::vector<std::string>> RealFiles::list(const std::string& path) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(path.c_str()), ::closedir);
  if (!folder) return failure("list", path);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
    errno = 0;
  }
  if (errno != 0) return failure("list", path);
  std::sort(names.begin(), names.end());
  return names;
}

FileResult<std::unique_ptr<AppendFile>> RealFiles::open_append(const std::string& path,
                                                               unsigned mode) {
  FileDescriptor fd = open_file(path, O_WRONLY | O_APPEND | O_CREAT, mode);
  if (!fd) return failure("open", path);
  return std::make_unique<RealAppendFile>(std::move(fd), path);
}

FileResult<std::unique_ptr<FileLock>> RealFiles::try_lock(const std::string& path) {
  FileDescriptor fd = open_file(path, O_RDWR | O_CREAT, 0644);
  if (!fd) return failure("lock", path);
  if (uninterrupted([&] { return ::flock(fd.get(), LOCK_EX | LOCK_NB); }) != 0) {
    if (errno == EWOULDBLOCK) return nullptr;
    return failure("lock", path);
  }
  return std::make_unique<RealFileLock>(std::move(fd));
}

FileResult<std::uint64_t> RealFiles::size(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return failure("stat", path);
  return static_cast<std::uint64_t>(status.st_size);
}

}  // namespace pveplan::async
