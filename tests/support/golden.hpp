#pragma once

#include <string>
#include <vector>

namespace pveplan::tests {

/// The repository's folder of expected outputs.
std::string golden_directory();

/// Names of the folders below `golden_directory()/area`, sorted.
std::vector<std::string> golden_cases(const std::string& area);

std::string read_text(const std::string& path);

/// Compares with the text in `path`. With PVEPLAN_UPDATE_GOLDEN=1 the file is written instead, and
/// the test fails, so that no run passes in that mode.
void check_golden(const std::string& path, const std::string& actual);

}  // namespace pveplan::tests
