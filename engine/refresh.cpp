#include "engine/refresh.hpp"

#include "providers/async/task_group.hpp"

#include <algorithm>

namespace pveplan::engine {
namespace {

bool is_engine_only(const core::ResourceType& type) {
  const auto& operations = type.operations();
  return std::all_of(operations.begin(), operations.end(), [](const model::OperationSpec& each) {
    return each.resolver == model::ResolverClass::engine_only;
  });
}

model::ReadOutcome outcome_of(schema::Result<model::ReadOutcome> result) {
  if (result) return std::move(*result);
  return model::Unreadable{result.error().detail};
}

}  // namespace

async::Task<schema::Result<void>> refresh(const Services& services, core::Context context,
                                          std::vector<Reading> readings, LiveState& live) {
  async::TaskGroup<schema::Result<model::ReadOutcome>> group;
  for (std::size_t i = 0; i < readings.size(); ++i) {
    const auto& reading = readings[i];
    const auto* type = services.types.find(reading.address.type);
    if (type == nullptr) {
      co_return std::unexpected(schema::error("Unknown resource type in the state",
                                              "The state holds " + reading.address.text() +
                                                  ", but this program has no such type. Use the "
                                                  "version of pveplan that wrote the state."));
    }
    if (is_engine_only(*type)) {
      auto result = co_await type->read(context, reading.identity, reading.row);
      live.objects.insert_or_assign(reading.address, outcome_of(std::move(result)));
    } else {
      group.start(i, type->read(context, reading.identity, reading.row));
    }
  }
  const auto total = group.size();
  while (!group.empty()) {
    auto finished = co_await group.next();
    live.objects.insert_or_assign(readings[finished.id].address,
                                  outcome_of(std::move(finished.value)));
    services.events.refresh_progress(total - group.size(), total);
  }
  co_return schema::Result<void>();
}

}  // namespace pveplan::engine
