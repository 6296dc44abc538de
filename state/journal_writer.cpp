#include "state/journal_writer.hpp"

#include "state/store_place.hpp"

#include <algorithm>
#include <cerrno>

namespace pveplan::state {
namespace {

constexpr const char* kSummary = "State cannot be written";
/// Room is asked for in steps, so that few calls are needed.
constexpr std::uint64_t kStep = 256U << 10U;

bool unsupported(int code) { return code == EOPNOTSUPP || code == ENOSYS || code == EINVAL; }

}  // namespace

JournalWriter::JournalWriter(std::unique_ptr<async::AppendFile> file, std::uint64_t size)
    : file_(std::move(file)), size_(size), room_(size) {}

schema::Result<void> JournalWriter::reserve(std::uint64_t bytes) {
  for (const auto* failure : {&full_, &torn_, &unsafe_}) {
    if (*failure) return std::unexpected(**failure);
  }
  if (size_ + reserved_ + bytes > room_) {
    if (auto grown = grow(reserved_ + bytes); !grown) {
      full_ = grown.error();
      return grown;
    }
  }
  reserved_ += bytes;
  return {};
}

schema::Result<void> JournalWriter::grow(std::uint64_t wanted) {
  if (!can_preallocate_) return {};
  for (const auto bytes : {wanted + kStep, wanted}) {
    const auto done = file_->preallocate(bytes);
    if (done) {
      room_ = size_ + bytes;
      return {};
    }
    if (unsupported(done.error().code)) {
      can_preallocate_ = false;
      return {};
    }
    if (bytes == wanted) return std::unexpected(cannot(kSummary, done.error()));
  }
  return {};
}

void JournalWriter::release(std::uint64_t bytes) { reserved_ -= std::min(bytes, reserved_); }

schema::Result<void> JournalWriter::append(std::string_view framed) {
  for (const auto* failure : {&torn_, &unsafe_}) {
    if (*failure) return std::unexpected(**failure);
  }
  if (const auto done = file_->append(framed); !done) {
    torn_ = cannot(kSummary, done.error());
    return std::unexpected(*torn_);
  }
  size_ += framed.size();
  room_ = std::max(room_, size_);
  unsynced_ = true;
  return {};
}

schema::Result<void> JournalWriter::sync() {
  if (unsafe_) return std::unexpected(*unsafe_);
  if (torn_) return std::unexpected(*torn_);
  if (!unsynced_) return {};
  if (const auto done = file_->sync(); !done) {
    unsafe_ = cannot(kSummary, done.error());
    return std::unexpected(*unsafe_);
  }
  unsynced_ = false;
  return {};
}

}  // namespace pveplan::state
