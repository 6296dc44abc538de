#pragma once

#include "engine/view/plan_sections.hpp"
#include "engine/view/plan_text.hpp"
#include "schema/attribute.hpp"

#include <string>

namespace pveplan::view {

/// Everything that a block says besides its address: changes with equal keys fold into one block.
std::string folding_key(const model::Change& change);

/// `vm.web[1..4]`: whom a block is about.
std::string group_address(const ChangeGroup& group);

/// Nodes whose network is reloaded by any of the group: "interrupts nodes pve1 and pve2"; empty
/// when none is.
std::string interrupted_nodes(const ChangeGroup& group);

/// "2 snapshots (before, after)" that go with the guest; empty when none does.
std::string lost_snapshots_text(const model::Change& change);

/// "2026-11-12 03:00 UTC on pbs1, verified; covers disk.os, NOT disk.data (excluded: backup =
/// false)"; empty for a change that takes no guest's data away.
std::string backup_text(const model::Change& change);

/// One attribute in a few words without its effect: "cores 2 -> 4".
std::string attribute_brief(const model::AttributeChange& attribute,
                            const schema::ResourceSchema* schema);

/// The block of a change, or of several that read the same, ending with a line break.
std::string block_text(const ChangeGroup& group, const schema::ResourceSchema* schema,
                       const PlanTextOptions& options);

}  // namespace pveplan::view
