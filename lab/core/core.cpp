#include "lab/core/core.hpp"

#include "lab/core/faults.hpp"
#include "lab/core/http.hpp"
#include "lab/core/tasks.hpp"

namespace pveplan::lab {

Answer Core::handle(const Request& request) {
  Answer answer = answer_with_faults(world_, request);
  answer.not_before = std::max(answer.not_before, world_.now);
  return answer;
}

void Core::advance(Time until) { run_events(world_, until); }

std::optional<Time> Core::next_event() const { return next_event_time(world_); }

}  // namespace pveplan::lab
