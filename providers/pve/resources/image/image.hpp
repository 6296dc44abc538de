#pragma once

#include "providers/core/resource_type.hpp"

namespace pveplan::pve {

/// A file on a storage that guests are made from: disk image, ISO, container template.
///
/// Identity: {node, storage, volid}. It carries no marker: the name has 12 digits of the pinned
/// checksum, and the server checks the whole sum, so a file of that name is as good as ours. One
/// that was there before is used and never deleted (`notes.found`).
///
/// Keys that lower() and run() expect in `after`: `url`, `storage`; from the lock file `checksum`
/// ("sha256:…"), and where known `format` and `size`; `content` and `name` where they are stated.
/// The node is the instance's key; an image on a shared storage has none and takes `node`, else any
/// node that is online and has the storage.
class ImageType final : public core::ResourceType {
 public:
  explicit ImageType(const schema::ResourceSchema& schema) : schema_(schema) {}

  const schema::ResourceSchema& schema() const override { return schema_; }
  const std::vector<model::OperationSpec>& operations() const override;
  model::Identity identity(const schema::ResourceAddress& address,
                           const schema::Value& desired) const override;
  schema::Value exports(const schema::ResourceAddress& address, const schema::Value& after,
                        const model::Identity& identity) const override;
  async::Task<schema::Result<model::ReadOutcome>> read(core::Context context,
                                                       model::Identity identity,
                                                       const model::Row* row) const override;
  std::vector<model::Step> lower(const model::Change& change) const override;
  std::optional<core::Replacement> lower_replacement(const model::Change& change) const override;
  async::Task<schema::Result<model::Outcome>> run(core::Context context,
                                                  model::Step step) const override;
  async::Task<schema::Result<model::Resolution>> resolve(core::Context context,
                                                         model::Intent intent) const override;

 private:
  async::Task<schema::Result<model::Outcome>> run_download(core::Context context,
                                                           model::Step step) const;
  async::Task<schema::Result<model::Outcome>> run_engine_only(core::Context context,
                                                              model::Step step) const;
  async::Task<schema::Result<model::Resolution>> resolve_download(core::Context context,
                                                                  model::Intent intent) const;
  model::Outcome stored(const schema::ResourceAddress& address, const schema::Value& arguments,
                        bool found) const;

  const schema::ResourceSchema& schema_;
};

}  // namespace pveplan::pve
