#include "engine/saved_exports.hpp"

namespace pveplan::engine {

SavedExports::SavedExports(const model::Plan& plan, const state::StateFile& state) {
  for (const auto& [address, row] : state.rows) known_[address] = {&row.exported, &row.owned};
  for (const auto& change : plan.changes) {
    if (change.action == model::Action::remove || change.action == model::Action::forget) {
      known_.erase(change.address);
    } else {
      known_[change.address] = {&change.exported, &change.after};
    }
  }
}

const schema::Value* SavedExports::find(const schema::ResourceAddress& address) const {
  const auto at = known_.find(address);
  return at == known_.end() ? nullptr : at->second.exported;
}

const schema::Value* SavedExports::stated(const schema::ResourceAddress& address) const {
  const auto at = known_.find(address);
  return at == known_.end() ? nullptr : at->second.stated;
}

std::vector<schema::ResourceAddress> SavedExports::instances(
    const schema::ResourceAddress& group) const {
  return instances_in(known_, group);
}

}  // namespace pveplan::engine
