#pragma once

#include "model/plan.hpp"

#include <expected>
#include <string>
#include <vector>

namespace pveplan::engine {

/// The worst that a plan may do, on both axes. What is not named may not happen at all; making new
/// objects is always allowed.
struct EffectLimit {
  model::Availability availability = model::Availability::none;
  bool copies = false;
  bool loses = false;  ///< what may be lost at all still needs its own permission
};

/// Reads "restart,copy". The error is a whole sentence for people.
std::expected<EffectLimit, std::string> parse_effect_limit(const std::string& text);

/// "vm.db[b] restart" for each change that does more than that, in the plan's order.
std::vector<std::string> beyond(const model::Plan& plan, const EffectLimit& limit);

}  // namespace pveplan::engine
