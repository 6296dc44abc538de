#pragma once

#include "providers/core/resource_type.hpp"

namespace pveplan::pve {

/// A virtual machine.
///
/// Identity: {vmid, node, uuid}; the uuid is the server's and is known after the first read-back,
/// until then the nonce of the row stands for it.
///
/// Keys that lower() and run() expect from the engine:
///   - `after.vmid`, `after.node`, `after.name`, chosen at plan time.
///   - `after.disk.NAME.slot`, `after.nic.NAME.slot`, `after.nic.NAME.mac`; `after.nic.NAME.ip` as
///   a
///     literal "10.0.0.5/24" (or "dhcp"), with `gateway`, `dns` and `search` of its pool filled in.
///   - `after.template`, `after.image`, `after.disk.NAME.image`, `after.pool`,
///   `after.nic.NAME.bridge`
///     as the names of blocks; the rows of these blocks are looked up when the step runs (template,
///     image and bridge: the instance of the guest's node, else the one without a key).
///   - `after.cloud_init.ssh_keys` as lines of keys; `after.cloud_init.password` as {"hmac": …},
///   the
///     text through Context::secret("cloud_init.password").
///   - `after.description` without the marker.
///   - for a removal, and the removing half of a replacement: `facts` of the living guest.
///   - effects.availability == restart on a change that may restart the guest now.
/// Rows: `notes.unfinished` lists the operations that are still owed; `notes.at_next_start` is the
/// server's time when something was written that only the next start brings into effect.
class VmType final : public core::ResourceType {
 public:
  explicit VmType(const schema::ResourceSchema& schema) : schema_(schema) {}

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
  const schema::ResourceSchema& schema_;
};

}  // namespace pveplan::pve
