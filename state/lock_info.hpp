#pragma once

#include "schema/diagnostic.hpp"
#include "state/store_place.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace pveplan::state {

/// Who holds a lock: for people and for `force-unlock`. The lock itself is the kernel's; this text
/// may be older than the lock that it lies in.
struct LockInfo {
  std::string id;  ///< random
  std::string operation, info, who, version, created, path;
  std::int64_t pid = 0;
  std::string host;
};

LockInfo make_lock_info(const StorePlace& place, std::string operation);

/// JSON with the member names that other tools and their servers use.
std::string write_lock_info(const LockInfo& info);
/// Empty members where the text says nothing of the kind.
LockInfo read_lock_info(std::string_view json);

/// The error for whoever comes second.
schema::Diagnostic is_locked(const StorePlace& place, const LockInfo& holder);

}  // namespace pveplan::state
