#pragma once

#include "model/change.hpp"
#include "model/intent.hpp"
#include "model/live.hpp"
#include "model/step.hpp"
#include "providers/core/context.hpp"
#include "schema/resource_schema.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pveplan::core {

/// A note of a row that is read before it is in the state: the object exists and gets the row
/// because it is imported ("import") or only observed ("observe"). Its parts are named by their
/// stated slots, or where there is only one choice.
inline constexpr const char* kAdopting = "adopting";

/// A replacement that makes the new object before the old one goes. Each list's dependencies are
/// indices into itself.
struct Replacement {
  std::vector<model::Step> making;
  std::vector<model::Step> removal;
};

/// The whole contract between the engine and a resource type. One object a type, stateless.
class ResourceType {
 public:
  virtual ~ResourceType() = default;

  virtual const schema::ResourceSchema& schema() const = 0;
  /// Every operation that lower() may emit, with the class that settles it after a crash.
  virtual const std::vector<model::OperationSpec>& operations() const = 0;

  /// Where the object lives, or would live: from what is desired, for what has no row yet.
  virtual model::Identity identity(const schema::ResourceAddress& address,
                                   const schema::Value& desired) const = 0;
  /// Where the object is that the topology calls `id`, or when that is empty, what its attributes
  /// name; null when they name none or no such object can be taken over.
  virtual model::Identity adopted_identity(const schema::ResourceAddress& address,
                                           const schema::Value& desired,
                                           const std::string& id) const;
  /// What references resolve to once `after` is in force; unknown where only the server can tell.
  virtual schema::Value exports(const schema::ResourceAddress& address, const schema::Value& after,
                                const model::Identity& identity) const = 0;

  /// Reads the live object. `row` is null for an object that is not in the state yet; then the
  /// answer tells whether the key is free, and an error refuses the plan.
  virtual async::Task<schema::Result<model::ReadOutcome>> read(Context context,
                                                               model::Identity identity,
                                                               const model::Row* row) const = 0;
  /// Steps of one resource in order, dependencies as indices into the list. Pure, at plan time.
  virtual std::vector<model::Step> lower(const model::Change& change) const = 0;
  /// For a replacement of which both objects can exist at a time; then the removal follows the
  /// making and everything that uses the old object, and its outcome keeps the row. nullopt: the
  /// old object goes first, by lower() of a remove and of a create.
  virtual std::optional<Replacement> lower_replacement(const model::Change& change) const;
  /// Runs one step. Writes through Context::write only.
  virtual async::Task<schema::Result<model::Outcome>> run(Context context,
                                                          model::Step step) const = 0;
  /// Settles an intent that was left open by a crash or a lost answer. Only reads.
  virtual async::Task<schema::Result<model::Resolution>> resolve(Context context,
                                                                 model::Intent intent) const = 0;
};

/// The types that this program knows, in one list made by the composition root.
class TypeRegistry {
 public:
  void add(std::unique_ptr<ResourceType> type);
  const ResourceType* find(std::string_view type) const;
  const std::map<std::string, std::unique_ptr<ResourceType>, std::less<>>& all() const {
    return types_;
  }

 private:
  std::map<std::string, std::unique_ptr<ResourceType>, std::less<>> types_;
};

/// The declaration of an operation; nullptr when the type does not know it.
const model::OperationSpec* find_operation(const ResourceType& type, std::string_view operation);

}  // namespace pveplan::core
