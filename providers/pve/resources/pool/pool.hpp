#pragma once

#include "providers/core/resource_type.hpp"

namespace pveplan::pve {

/// A Proxmox pool (of guests and storages). Identity: {id}. It carries no marker, so a pool found
/// after a lost answer is ours only when it has exactly our values. Facts: `members`, a list such
/// as "qemu/131", "storage/local". Expects no key from the engine but `after.id`, which falls back
/// to the block's name.
class PoolType final : public core::ResourceType {
 public:
  explicit PoolType(const schema::ResourceSchema& schema) : schema_(schema) {}

  const schema::ResourceSchema& schema() const override { return schema_; }
  const std::vector<model::OperationSpec>& operations() const override;
  model::Identity identity(const schema::ResourceAddress& address,
                           const schema::Value& desired) const override;
  model::Identity adopted_identity(const schema::ResourceAddress& address,
                                   const schema::Value& desired,
                                   const std::string& id) const override;
  schema::Value exports(const schema::ResourceAddress& address, const schema::Value& after,
                        const model::Identity& identity) const override;
  async::Task<schema::Result<model::ReadOutcome>> read(core::Context context,
                                                       model::Identity identity,
                                                       const model::Row* row) const override;
  std::vector<model::Step> lower(const model::Change& change) const override;
  async::Task<schema::Result<model::Outcome>> run(core::Context context,
                                                  model::Step step) const override;
  async::Task<schema::Result<model::Resolution>> resolve(core::Context context,
                                                         model::Intent intent) const override;

 private:
  async::Task<schema::Result<model::Outcome>> run_create(core::Context context,
                                                         model::Step step) const;
  async::Task<schema::Result<model::Outcome>> run_update(core::Context context,
                                                         model::Step step) const;
  async::Task<schema::Result<model::Outcome>> run_delete(core::Context context,
                                                         model::Step step) const;
  model::Outcome stored(const schema::ResourceAddress& address,
                        const schema::Value& arguments) const;

  const schema::ResourceSchema& schema_;
};

}  // namespace pveplan::pve
