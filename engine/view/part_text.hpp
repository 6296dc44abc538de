#pragma once

#include "schema/attribute.hpp"
#include "schema/value.hpp"

#include <string>

namespace pveplan::view {

/// A disk or NIC in the words that people use: "20 GiB on local-lvm, scsi1, discard", "vmbr0,
/// 10.0.0.5/24, BC:24:11:6E:02:9A".
std::string part_text(const schema::AttributeSchema& attribute, const schema::Value& part);

}  // namespace pveplan::view
