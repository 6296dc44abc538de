#pragma once

#include "providers/core/resource_type.hpp"

namespace pveplan::core {

/// A record holds values and has no remote object: the engine's own type, for glue and for
/// benchmarks.
class RecordType final : public ResourceType {
 public:
  explicit RecordType(const schema::ResourceSchema& schema) : schema_(schema) {}

  const schema::ResourceSchema& schema() const override { return schema_; }
  const std::vector<model::OperationSpec>& operations() const override;
  model::Identity identity(const schema::ResourceAddress& address,
                           const schema::Value& desired) const override;
  schema::Value exports(const schema::ResourceAddress& address, const schema::Value& after,
                        const model::Identity& identity) const override;
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
