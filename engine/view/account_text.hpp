#pragma once

#include "engine/executor.hpp"

#include <string>

namespace pveplan::view {

/// The account at the end of every run: what was done, failed, skipped and never started, and how
/// to go on. `verb` is "Apply" or "Destroy".
std::string account_text(const engine::RunAccount& account, const model::Plan& plan,
                         const std::string& verb);

/// "48 s", "1.2 s", "3 min 5 s".
std::string elapsed_text(std::chrono::nanoseconds elapsed);

}  // namespace pveplan::view
