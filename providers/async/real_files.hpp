#pragma once

#include "providers/async/host.hpp"

namespace pveplan::async {

/// The local file system. Every descriptor is closed in children; interrupted and short writes go
/// on.
class RealFiles : public Files {
 public:
  FileResult<std::string> read(const std::string& path) override;
  bool exists(const std::string& path) override;
  /// A file that exists keeps at most the permissions of `mode`.
  FileResult<void> write(const std::string& path, std::string_view bytes, unsigned mode) override;
  FileResult<void> sync_file(const std::string& path) override;
  FileResult<void> sync_directory(const std::string& path) override;
  FileResult<void> rename(const std::string& from, const std::string& to) override;
  FileResult<void> remove(const std::string& path) override;
  FileResult<void> make_directories(const std::string& path, unsigned mode) override;
  FileResult<std::vector<std::string>> list(const std::string& path) override;
  FileResult<std::unique_ptr<AppendFile>> open_append(const std::string& path,
                                                      unsigned mode) override;
  FileResult<std::unique_ptr<FileLock>> try_lock(const std::string& path) override;
  FileResult<std::uint64_t> size(const std::string& path) override;
};

/// Whether a file of that name can be replaced without taking the place of something that is no
/// file: a device, a pipe, a folder, or a link to another file.
bool is_file_or_absent(const std::string& path);
/// Whether a pipe, a socket or a device is there, reading which may never end; links are followed.
bool is_special_file(const std::string& path);

}  // namespace pveplan::async
