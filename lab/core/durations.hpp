#pragma once

#include "lab/core/time.hpp"

/// How long things take in lab time: the one table of all tasks.
namespace pveplan::lab {

inline constexpr Duration kNetworkReload = std::chrono::milliseconds{2500};

}  // namespace pveplan::lab
