#pragma once

#include "engine/references.hpp"
#include "model/plan.hpp"
#include "state/state_file.hpp"

#include <map>
#include <vector>

namespace pveplan::engine {

/// What references resolved to when a saved plan was made: what its changes export, and for
/// everything else what the state knows. Both outlive it.
class SavedExports final : public Exports {
 public:
  SavedExports(const model::Plan& plan, const state::StateFile& state);

  const schema::Value* find(const schema::ResourceAddress& address) const override;
  const schema::Value* stated(const schema::ResourceAddress& address) const override;
  std::vector<schema::ResourceAddress> instances(
      const schema::ResourceAddress& group) const override;

 private:
  struct Known {
    const schema::Value* exported = nullptr;
    const schema::Value* stated = nullptr;
  };
  std::map<schema::ResourceAddress, Known> known_;
};

}  // namespace pveplan::engine
