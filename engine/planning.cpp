#include "engine/planning.hpp"

#include "engine/address_glob.hpp"

#include <algorithm>

namespace pveplan::engine {

using schema::ResourceAddress;
using schema::Value;

Planning::Planning(const PlanInput& given) : input(given) {
  const auto most = input.topology.resources.size();
  desired_.reserve(most);
  exports_.reserve(most);
  if (input.rows.empty()) result.plan.changes.reserve(most);  // everything will be new
  for (const auto& resource : input.topology.resources) {
    desired_.insert(resource.address);
    groups_[resource.address.group()].push_back(resource.address);
  }
  for (auto& [group, members] : groups_) std::sort(members.begin(), members.end());
}

const Value* Planning::find(const ResourceAddress& address) const {
  const auto at = exports_.find(address);
  return at == exports_.end() ? nullptr : &at->second.exported;
}

const Value* Planning::stated(const ResourceAddress& address) const {
  const auto at = exports_.find(address);
  return at == exports_.end() ? nullptr : &at->second.stated;
}

std::vector<ResourceAddress> Planning::instances(const ResourceAddress& group) const {
  const auto at = groups_.find(group);
  return at == groups_.end() ? std::vector<ResourceAddress>() : at->second;
}

void Planning::publish(const ResourceAddress& address, Value exported, Value stated) {
  exports_[address] = {std::move(exported), std::move(stated)};
}

void Planning::publish_waiting(const ResourceAddress& address, std::set<std::string> names,
                               const ResourceAddress& blocker) {
  if (!names.empty()) waiting_.insert_or_assign(address, WaitingExports{std::move(names), blocker});
}

const Planning::WaitingExports* Planning::waiting_exports(const ResourceAddress& address) const {
  const auto at = waiting_.find(address);
  return at == waiting_.end() ? nullptr : &at->second;
}

const core::ResourceType& Planning::type_of(const ResourceAddress& address) const {
  return *input.types.find(address.type);
}

std::vector<ResourceAddress> Planning::direct_dependencies(const ResourceAddress& address) const {
  std::vector<ResourceAddress> dependencies;
  if (const auto vertex = input.graph.find(address)) {
    for (const auto& edge : input.graph.needs(*vertex))
      dependencies.push_back(input.graph.address(edge.target));
  }
  std::sort(dependencies.begin(), dependencies.end());
  return dependencies;
}

bool Planning::replacement_asked(const ResourceAddress& address) const {
  return is_named_by_any(address, input.request.replace);
}

bool Planning::rotation_asked(const ResourceAddress& address) const {
  return is_named_by_any(address, input.request.rotate);
}

bool Planning::restart_allowed(const ResourceAddress& address, const Value& attributes) const {
  return is_named_by_any(address, input.request.restart) ||
         text_of(attributes.find("restart")) == "now";
}

std::string text_of(const Value* value) {
  return value != nullptr && value->is_string() ? value->as_string() : std::string();
}

}  // namespace pveplan::engine
