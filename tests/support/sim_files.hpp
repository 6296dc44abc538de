#pragma once

#include "providers/async/host.hpp"
#include "tests/support/sim_control.hpp"
#include "tests/support/sim_disk.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pveplan::sim {

/// A call that fails. Without operation and path it is any call of SimFiles.
class SimFileFault {
 public:
  /// `which`: the n-th matching call from now on, the next one being 1.
  SimFileFault(int error_code, std::uint64_t which = 1) : code(error_code), nth(which) {}
  int code;
  std::uint64_t nth;
  std::string operation;      ///< "append", "sync", "rename" … as in FileError; empty = any
  std::string path_part;      ///< contained in the path; empty = any
  bool from_then_on = false;  ///< and every later one
};

/// The files as one process sees them. Use two of them on one disk for two processes.
class SimFiles : public async::Files {
 public:
  SimFiles(SimDisk& disk, SimControl& control, SimRandom& draws, std::string working_directory);

  void fail(SimFileFault fault) { faults_.push_back(std::move(fault)); }

  async::FileResult<std::string> read(const std::string& path) override;
  bool exists(const std::string& path) override;
  async::FileResult<void> write(const std::string& path, std::string_view bytes,
                                unsigned mode) override;
  async::FileResult<void> sync_file(const std::string& path) override;
  async::FileResult<void> sync_directory(const std::string& path) override;
  async::FileResult<void> rename(const std::string& from, const std::string& to) override;
  async::FileResult<void> remove(const std::string& path) override;
  async::FileResult<void> make_directories(const std::string& path, unsigned mode) override;
  async::FileResult<std::vector<std::string>> list(const std::string& path) override;
  async::FileResult<std::unique_ptr<async::AppendFile>> open_append(const std::string& path,
                                                                    unsigned mode) override;
  async::FileResult<std::unique_ptr<async::FileLock>> try_lock(const std::string& path) override;
  async::FileResult<std::uint64_t> size(const std::string& path) override;

 private:
  friend class SimAppendFile;

  /// Announces the call; the error with which it must fail, if any.
  std::optional<int> begin(const std::string& operation, const std::string& path,
                           const std::string& detail = "");
  std::optional<int> scripted_fault(const std::string& operation, const std::string& path);
  /// Notes the result; 0 = good.
  async::FileResult<void> end(int code, const std::string& operation, const std::string& path);
  async::FileError error(int code, const std::string& operation, const std::string& path);

  /// Of the call announced with begin(): all bytes or, on an error, some of them.
  int append_to(Inode& inode, std::string_view bytes, std::optional<int> fault);
  int sync_inode(Inode& inode, std::optional<int> fault);
  int create(const std::string& path, unsigned mode, InodeRef& inode);
  std::string absolute(const std::string& path) const;

  SimDisk& disk_;
  SimControl& control_;
  SimRandom& draws_;
  std::string working_directory_;
  std::vector<SimFileFault> faults_;
};

}  // namespace pveplan::sim
