#include "tests/support/sim_clock.hpp"

#include <algorithm>

namespace pveplan::sim {

SimClock::EventId SimClock::at(Time time, std::function<void()> event) {
  const EventId id = next_id_++;
  events_.emplace(std::pair(std::max(time, now_), id), std::move(event));
  return id;
}

void SimClock::cancel(EventId event) {
  std::erase_if(events_, [event](const auto& entry) { return entry.first.second == event; });
}

std::optional<Time> SimClock::next_event() const {
  if (events_.empty()) return std::nullopt;
  return events_.begin()->first.first;
}

void SimClock::fire_due() {
  while (!events_.empty() && events_.begin()->first.first <= now_) {
    const auto event = std::move(events_.extract(events_.begin()).mapped());
    event();
  }
}

bool SimClock::poll(Duration timeout) {
  const auto event = next_event();
  const bool limited = timeout.count() >= 0;
  if (!limited && !event) return false;
  const Time limit = limited ? now_ + timeout : *event;
  now_ = event ? std::min(limit, *event) : limit;
  fire_due();
  return true;
}

void SimClock::pass(Duration duration) {
  const Time end = now_ + duration;
  for (auto event = next_event(); event && *event <= end; event = next_event()) {
    now_ = *event;
    fire_due();
  }
  now_ = end;
}

}  // namespace pveplan::sim
