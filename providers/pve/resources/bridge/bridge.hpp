#pragma once

#include "providers/core/resource_type.hpp"

namespace pveplan::pve {

/// A Linux bridge on one node. Every change has two steps: one writes the node's waiting network
/// file, one reloads it. Waiting changes of anybody else refuse both; so does a change of the
/// interface that carries the node's own address or default route, until the program can take a
/// change back by itself.
///
/// Identity: {node, iface}; the node is the instance's key. Keys that lower() and run() expect from
/// the engine: `after.iface`, else the block's name. Steps take the pool "network:NODE", which must
/// have one place, so that no two bridges of a node are written and reloaded at once.
class BridgeType final : public core::ResourceType {
 public:
  explicit BridgeType(const schema::ResourceSchema& schema) : schema_(schema) {}

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
  async::Task<schema::Result<model::Outcome>> run_write(core::Context context,
                                                        model::Step step) const;
  async::Task<schema::Result<model::Outcome>> run_reload(core::Context context,
                                                         model::Step step) const;
  async::Task<schema::Result<model::Resolution>> resolve_write(core::Context context,
                                                               model::Intent intent) const;
  async::Task<schema::Result<model::Resolution>> resolve_reload(core::Context context,
                                                                model::Intent intent) const;
  model::Outcome written(const schema::ResourceAddress& address, const std::string& operation,
                         const schema::Value& arguments, const model::Row* before,
                         const std::string& changes) const;
  model::Outcome reloaded(const schema::ResourceAddress& address, const model::Row* row,
                          const schema::Value& arguments) const;

  const schema::ResourceSchema& schema_;
};

}  // namespace pveplan::pve
