#pragma once

#include "engine/references.hpp"
#include "state/state_file.hpp"

#include <vector>

namespace pveplan::engine {

/// What the state knows, for references to it. The state outlives it.
class StateExports final : public Exports {
 public:
  explicit StateExports(const state::StateFile& state) : state_(state) {}

  const schema::Value* find(const schema::ResourceAddress& address) const override {
    const auto* row = state_.row(address);
    return row != nullptr ? &row->exported : nullptr;
  }
  const schema::Value* stated(const schema::ResourceAddress& address) const override {
    const auto* row = state_.row(address);
    return row != nullptr ? &row->owned : nullptr;
  }
  std::vector<schema::ResourceAddress> instances(
      const schema::ResourceAddress& group) const override {
    return instances_in(state_.rows, group);
  }

 private:
  const state::StateFile& state_;
};

}  // namespace pveplan::engine
