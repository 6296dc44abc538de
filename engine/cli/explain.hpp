#pragma once

#include "engine/cli/review.hpp"

namespace pveplan::cli {

/// `plan --explain ADDRESS`: prints why the plan does what it does to each resource that the
/// address names. False, with a message, when it names none.
bool print_explanation(Program& program, const Options& options, const Review& reviewed);

}  // namespace pveplan::cli
