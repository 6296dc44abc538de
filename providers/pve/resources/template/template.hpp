#pragma once

#include "providers/core/resource_type.hpp"

namespace pveplan::pve {

/// A template: a VM whose disk `os` (scsi0) is filled from an image, with a cloud-init drive on the
/// highest SCSI slot, converted at the end.
///
/// Identity: {vmid, node, uuid}, as of a VM. Keys that lower() and run() expect from the engine:
/// `after.vmid`, `after.name`; the node is the instance's key, a template on shared storage without
/// a key takes any node that has the storage. `after.image` is the name of a block whose row is
/// looked up when the step runs. Exports: id, node, storage.
class TemplateType final : public core::ResourceType {
 public:
  explicit TemplateType(const schema::ResourceSchema& schema) : schema_(schema) {}

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
  async::Task<schema::Result<model::Outcome>> configure(core::Context context,
                                                        model::Step step) const;
  async::Task<schema::Result<model::Resolution>> settle_configuring(core::Context context,
                                                                    model::Intent intent) const;
  /// A template exports its storage besides what every guest does.
  void export_again(model::Outcome& outcome) const;

  const schema::ResourceSchema& schema_;
};

}  // namespace pveplan::pve
