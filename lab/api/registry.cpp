// The two registers of the lab: which calls exist, and which functions do the work of events.

#include "lab/api/areas.hpp"
#include "lab/core/faults.hpp"
#include "lab/core/tasks.hpp"

namespace pveplan::lab {
namespace {

ApiTable make_table(int major) {
  ApiTable api(major);
  add_version_calls(api);
  add_index_calls(api);
  api.finish();
  return api;
}

}  // namespace

const ApiTable& api_table(int major) {
  static const ApiTable kEight = make_table(8);
  static const ApiTable kNine = make_table(9);
  return major >= 9 ? kNine : kEight;
}

WorkFunction find_work(const std::string& kind) {
  static const std::map<std::string, WorkFunction> kWork{
      {"late-request", run_late_request},
      {"node-up", bring_node_up},
  };
  const auto found = kWork.find(kind);
  return found == kWork.end() ? nullptr : found->second;
}

}  // namespace pveplan::lab
