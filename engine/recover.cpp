#include "engine/recover.hpp"

#include <fmt/format.h>

namespace pveplan::engine {
namespace {

void take(Recovery& recovery, const model::Intent& intent,
          schema::Result<model::Resolution> resolution) {
  const auto what = fmt::format("{} of {}", intent.operation, intent.address.text());
  if (!resolution) {
    recovery.still_open.push_back(intent);
    recovery.warnings.push_back(
        schema::warning("An earlier write is still open",
                        fmt::format("Whether the {} took effect could not be looked up: {}", what,
                                    resolution.error().detail)));
  } else if (auto* done = std::get_if<model::Done>(&*resolution)) {
    recovery.settled.push_back({intent.id, what + " had taken effect", std::move(done->outcome)});
  } else if (std::holds_alternative<model::NotDone>(*resolution)) {
    recovery.settled.push_back({intent.id, what + " had no effect", std::nullopt});
  } else if (const auto* open = std::get_if<model::StillOpen>(&*resolution)) {
    recovery.still_open.push_back(intent);
    recovery.warnings.push_back(schema::warning("An earlier write is still open", open->reason));
  } else {
    recovery.settled.push_back({intent.id, what + " met something that is not ours", std::nullopt});
    recovery.warnings.push_back(std::get<model::Taken>(*resolution).diagnostic);
    recovery.warnings.back().severity = schema::Severity::warning;
  }
}

}  // namespace

async::Task<schema::Result<Recovery>> settle_open_intents(const Services& services,
                                                          core::Context context,
                                                          const state::StateFile& state) {
  Recovery recovery;
  for (const auto& [id, intent] : state.open_intents) {
    const auto* type = services.types.find(intent.address.type);
    if (type == nullptr) {
      co_return std::unexpected(schema::error("Unknown resource type in the state",
                                              "An open intent belongs to " + intent.address.text() +
                                                  ", but this program has no such type."));
    }
    auto resolution = co_await type->resolve(context, intent);
    take(recovery, intent, std::move(resolution));
  }
  co_return std::move(recovery);
}

void apply_in_memory(const Recovery& recovery, state::StateFile& state) {
  for (const auto& settled : recovery.settled) {
    state.open_intents.erase(settled.id);
    if (!settled.outcome) continue;
    if (settled.outcome->row) {
      state.rows.insert_or_assign(settled.outcome->address, *settled.outcome->row);
    } else {
      state.rows.erase(settled.outcome->address);
    }
  }
}

}  // namespace pveplan::engine
