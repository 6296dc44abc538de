#pragma once

#include "model/live.hpp"
#include "model/row.hpp"
#include "providers/pve/guest/part_names.hpp"
#include "providers/pve/guest_codec/guest_config.hpp"
#include "providers/pve/guest_codec/options.hpp"
#include "schema/resource_schema.hpp"

namespace pveplan::pve {

/// A VM's config in the form of its schema. What the API cannot tell (policies such as `restart`,
/// where the guest came from, secrets) is taken from what the row says that was written last.
class GuestDecoder {
 public:
  /// `row` may be null. All must outlive the decoder.
  GuestDecoder(const schema::ObjectSchema& schema, const GuestConfig& config,
               const model::Row* row);

  /// What will hold once nothing is pending.
  schema::Value attributes() const { return decode(false); }
  /// What the running guest has.
  schema::Value in_force() const;
  /// What is in force, where it differs: a tree of the differing leaves; null when none does.
  schema::Value running_differences() const;
  const PartNames& names() const { return names_; }

 private:
  const std::string* text(std::string_view key, bool running) const;
  schema::Value decode(bool running) const;
  schema::Value one(const schema::AttributeSchema& attribute, bool running) const;
  schema::Value option(const Option& option, bool running) const;
  schema::Value tags(const schema::Value& live) const;
  schema::Value agent(bool running) const;
  schema::Value cloud_init(const schema::ObjectSchema& schema, bool running) const;
  schema::Value disks(const schema::ObjectSchema& schema, bool running) const;
  schema::Value detached_disk(const std::string& name, const std::string& volume) const;
  schema::Value nics(const schema::ObjectSchema& schema, bool running) const;
  schema::Value with_name_servers(schema::Value nics, bool running) const;
  /// What the row says of a path; null where it says nothing.
  schema::Value owned(const schema::Path& path) const;

  const schema::ObjectSchema& schema_;
  const GuestConfig& config_;
  const model::Row* row_;
  PartNames names_;
  std::vector<Option> options_;
};

/// Options of a schema that stand in a guest's config (`vmid` and `pool` do not).
std::vector<Option> config_options(const schema::ObjectSchema& schema);

/// The leaves of `now` that differ from `later`; null when there are none.
schema::Value differing_leaves(const schema::Value& now, const schema::Value& later);

}  // namespace pveplan::pve
