#include "lab/core/core.hpp"

#include "lab/core/faults.hpp"
#include "lab/core/http.hpp"
#include "lab/core/tasks.hpp"

#include <fmt/chrono.h>

namespace pveplan::lab {

namespace {

/// pveproxy dates every answer, and clients learn the server's time from it.
std::string http_date(Time time) {
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(unix_seconds(time)));
}

}  // namespace

Answer Core::handle(const Request& request) {
  Answer answer = answer_with_faults(world_, request);
  answer.not_before = std::max(answer.not_before, world_.now);
  answer.headers.emplace_back("date", http_date(answer.not_before));
  return answer;
}

void Core::advance(Time until) { run_events(world_, until); }

std::optional<Time> Core::next_event() const { return next_event_time(world_); }

}  // namespace pveplan::lab
