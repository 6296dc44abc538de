#pragma once

#include "providers/async/host.hpp"
#include "schema/diagnostic.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace pveplan::state {

/// Appends to the journal and keeps room for what must still be written when the disk is full.
/// After a failed append or sync nothing more is appended: the kernel takes pages that it could not
/// write for clean, so that a loss of power may leave later records behind a hole, and a record
/// behind bytes that are none could not be read.
class JournalWriter {
 public:
  /// A file of which `size` bytes are written and synced.
  JournalWriter(std::unique_ptr<async::AppendFile> file, std::uint64_t size);

  /// Sets aside `bytes` for records that will follow. Refuses for ever once the disk was full.
  schema::Result<void> reserve(std::uint64_t bytes);
  /// Gives back what reserve() set aside.
  void release(std::uint64_t bytes);

  schema::Result<void> append(std::string_view framed);
  /// fdatasync; free when nothing was appended since the last one.
  schema::Result<void> sync();

  std::uint64_t size() const { return size_; }
  std::uint64_t reserved() const { return reserved_; }

 private:
  schema::Result<void> grow(std::uint64_t wanted);

  std::unique_ptr<async::AppendFile> file_;
  std::uint64_t size_;
  std::uint64_t room_;          ///< the file can grow to this size whatever happens
  std::uint64_t reserved_ = 0;  ///< set aside for operations in flight
  bool unsynced_ = false;
  bool can_preallocate_ = true;
  std::optional<schema::Diagnostic> full_, torn_, unsafe_;
};

}  // namespace pveplan::state
