#include "engine/saved_exports.hpp"

namespace pveplan::engine {

SavedExports::SavedExports(const model::Plan& plan, const state::StateFile& state) {
  for (const auto& [address, row] : state.rows) exported_[address] = &row.exported;
  for (const auto& change : plan.changes) {
    if (change.action == model::Action::remove || change.action == model::Action::forget) {
      exported_.erase(change.address);
    } else {
      exported_[change.address] = &change.exported;
    }
  }
}

const schema::Value* SavedExports::find(const schema::ResourceAddress& address) const {
  const auto at = exported_.find(address);
  return at == exported_.end() ? nullptr : at->second;
}

std::vector<schema::ResourceAddress> SavedExports::instances(
    const schema::ResourceAddress& group) const {
  return instances_in(exported_, group);
}

}  // namespace pveplan::engine
