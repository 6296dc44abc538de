#pragma once

#include "schema/diagnostic.hpp"
#include "state/store_place.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pveplan::state {

/// Who holds a lock: for people and for `force-unlock`. The lock itself is the kernel's; this text
/// may be older than the lock that it lies in.
struct LockInfo {
  LockInfo() {}    // no aggregate: coroutine parameter (g++ 12)
  std::string id;  ///< random
  std::string operation, info, who, version, created, path;
  std::int64_t pid = 0;
  std::string host;
  std::string run_url;  ///< the job of a CI system; empty elsewhere
  /// Ids of runs of the same folder that were stopped: a server may still have one of their locks.
  std::vector<std::string> previous;
};

LockInfo make_lock_info(const StorePlace& place, std::string operation);

/// The page of the CI job that this process is part of, from the variables that such systems set.
std::string run_url(const async::Environment& environment);

/// "ann@laptop runs `apply` since 2026-11-21T10:00:00Z (5 min) as process 7 on laptop (lock 00ff)";
/// empty where nothing is known of the holder.
std::string describe_holder(const LockInfo& holder, const StorePlace& place);

/// JSON with the member names that other tools and their servers use.
std::string write_lock_info(const LockInfo& info);
/// Empty members where the text says nothing of the kind.
LockInfo read_lock_info(std::string_view json);

/// The error for whoever comes second to the lock of a folder.
schema::Diagnostic is_locked(const StorePlace& place, const LockInfo& holder);
/// The same for the lock that a server keeps, which does not end with its process.
schema::Diagnostic is_locked_there(const StorePlace& place, const std::string& address,
                                   const LockInfo& holder);

}  // namespace pveplan::state
