#pragma once

#include "engine/services.hpp"
#include "engine/step_context.hpp"
#include "model/intent.hpp"
#include "state/state_file.hpp"

#include <string>
#include <vector>

namespace pveplan::engine {

/// What became of the intents that an earlier run left open.
struct Recovery {
  struct Settled {
    state::IntentId id = 0;
    std::string text;  ///< for the journal and for people
    std::optional<model::Outcome> outcome;
  };
  std::vector<Settled> settled;
  std::vector<model::Intent> still_open;
  std::vector<schema::Diagnostic> warnings;
};

/// Asks each open intent's type how it ended. Only reads: `plan` uses the result in memory, `apply`
/// journals it.
async::Task<schema::Result<Recovery>> settle_open_intents(const Services& services,
                                                          core::Context context,
                                                          const state::StateFile& state);

/// Does to a copy of the state what apply journals.
void apply_in_memory(const Recovery& recovery, state::StateFile& state);

}  // namespace pveplan::engine
