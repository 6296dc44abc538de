#pragma once

#include "providers/core/context.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pveplan::pve {

/// The lines of a task log's answer, in order, without the closing `TASK …` line.
std::vector<std::string> log_lines(const schema::Value& answer);

/// The progress that the last line with one tells, in percent: "transferred 12.0 MiB of 1.0 GiB
/// (1.17%)", or wget's dots "… 34% 12.3M 1s".
std::optional<int> log_percent(const std::vector<std::string>& lines);

/// The last lines that say something of what happened: no empty ones, and none that only tell how
/// far a copy or a download is.
std::vector<std::string> log_excerpt(const std::vector<std::string>& lines);

/// What an exit status means: `OK`, `WARNINGS: n`, `unexpected status` (killed: nobody knows), or
/// the text of a failure.
core::TaskEnd::State end_state(std::string_view exit_status);

}  // namespace pveplan::pve
