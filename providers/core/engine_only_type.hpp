#pragma once

#include "providers/core/resource_type.hpp"

namespace pveplan::core {

/// A type that has no remote object: its rows are all there is. Writes no intent, needs no server.
class EngineOnlyType : public ResourceType {
 public:
  explicit EngineOnlyType(const schema::ResourceSchema& schema) : schema_(schema) {}

  const schema::ResourceSchema& schema() const override { return schema_; }
  const std::vector<model::OperationSpec>& operations() const override;
  async::Task<schema::Result<model::ReadOutcome>> read(Context context, model::Identity identity,
                                                       const model::Row* row) const override;
  std::vector<model::Step> lower(const model::Change& change) const override;
  async::Task<schema::Result<model::Outcome>> run(Context context, model::Step step) const override;
  async::Task<schema::Result<model::Resolution>> resolve(Context context,
                                                         model::Intent intent) const override;

 private:
  const schema::ResourceSchema& schema_;
};

}  // namespace pveplan::core
