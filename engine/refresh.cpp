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

/// Takes in what the reads answered.
class Answers {
 public:
  explicit Answers(LiveState& live) : live_(live) {}

  void take(const Reading& reading, schema::Result<model::ReadOutcome> result) {
    if (result) {
      live_.objects.insert_or_assign(reading.address, std::move(*result));
      return;
    }
    live_.objects.insert_or_assign(reading.address, model::Unreadable{result.error().detail});
    if (reading.row != nullptr || !refused_) return;
    refused_ = std::unexpected(std::move(result.error()));
    refused_.error().address = reading.address;
  }
  /// The first refusal of a new object.
  schema::Result<void> end() { return std::move(refused_); }

 private:
  LiveState& live_;
  schema::Result<void> refused_;
};

}  // namespace

async::Task<schema::Result<void>> refresh(const Services& services, core::Context context,
                                          std::vector<Reading> readings, LiveState& live) {
  Answers answers(live);
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
      answers.take(reading, std::move(result));
    } else {
      services.events.read_started(reading.address);
      group.start(i, type->read(context, reading.identity, reading.row));
    }
  }
  while (!group.empty()) {
    auto finished = co_await group.next();
    const auto& reading = readings[finished.id];
    answers.take(reading, std::move(finished.value));
    services.events.read_done(reading.address, live.objects.at(reading.address));
  }
  co_return answers.end();
}

}  // namespace pveplan::engine
