#pragma once

#include "engine/planner.hpp"

#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>

namespace pveplan::engine {

/// A plan in the making: what it is made from, what was found so far, and what of it later
/// resources refer to.
class Planning final : public Exports {
 public:
  explicit Planning(const PlanInput& input);

  // Exports
  const schema::Value* find(const schema::ResourceAddress& address) const override;
  const schema::Value* stated(const schema::ResourceAddress& address) const override;
  std::vector<schema::ResourceAddress> instances(
      const schema::ResourceAddress& group) const override;

  void publish(const schema::ResourceAddress& address, schema::Value exported,
               schema::Value stated);

  /// What of the exports is only in effect after a restart of `blocker`.
  struct WaitingExports {
    std::set<std::string> names;
    schema::ResourceAddress blocker;
  };
  void publish_waiting(const schema::ResourceAddress& address, std::set<std::string> names,
                       const schema::ResourceAddress& blocker);
  const WaitingExports* waiting_exports(const schema::ResourceAddress& address) const;

  bool desires(const schema::ResourceAddress& address) const { return desired_.contains(address); }
  bool has_group(const schema::ResourceAddress& group) const { return groups_.contains(group); }
  const core::ResourceType& type_of(const schema::ResourceAddress& address) const;
  /// Sorted.
  std::vector<schema::ResourceAddress> direct_dependencies(
      const schema::ResourceAddress& address) const;
  /// --replace names it.
  bool replacement_asked(const schema::ResourceAddress& address) const;
  /// --rotate names it.
  bool rotation_asked(const schema::ResourceAddress& address) const;
  bool restart_allowed(const schema::ResourceAddress& address,
                       const schema::Value& attributes) const;

  const PlanInput& input;
  Planned result;

 private:
  std::unordered_set<schema::ResourceAddress> desired_;
  std::map<schema::ResourceAddress, std::vector<schema::ResourceAddress>> groups_;
  struct Published {
    schema::Value exported, stated;
  };
  std::unordered_map<schema::ResourceAddress, Published> exports_;
  std::unordered_map<schema::ResourceAddress, WaitingExports> waiting_;
};

/// The text that a value holds; empty where it holds none.
std::string text_of(const schema::Value* value);

/// Compares one desired resource with its row and its object, and adds what has to change.
void consider(Planning& planning, const schema::Resource& resource);

/// A row of a plan that only refreshes: adds what of it is otherwise on the server, or that it is
/// forgotten.
void take_in(Planning& planning, const model::Row& row);

/// A row that nothing desires: adds its destruction, or that it is forgotten.
void consider_removal(Planning& planning, const model::Row& row);

}  // namespace pveplan::engine
