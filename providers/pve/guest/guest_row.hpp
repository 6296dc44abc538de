#pragma once

#include "model/intent.hpp"
#include "providers/pve/guest/guest_access.hpp"
#include "schema/resource_schema.hpp"

#include <string>
#include <vector>

namespace pveplan::pve {

/// {vmid, node} of a guest that does not exist yet, from what was chosen for it.
model::Identity planned_identity(const schema::ResourceAddress& address,
                                 const schema::Value& desired);
/// {vmid} of a guest that exists: `id`, or else the stated number; null when that is none.
model::Identity adopted_guest_identity(const schema::Value& desired, const std::string& id);
/// {vmid, node, uuid}
model::Identity identity_of(const Guest& guest);

/// id, node, and of the NICs: mac, and what has a fixed address: ip, ips.
schema::Value guest_exports(const schema::Value& after, const model::Identity& identity);

/// The parts of `after` as they lie in the config: slot and volume of disks, slot and MAC of NICs.
/// What is not in the config keeps what `before` says of it.
std::map<std::string, model::PartRow> parts_of(const schema::Value& after,
                                               const GuestConfig& config,
                                               const std::map<std::string, model::PartRow>& before);

/// A row that is finished when `unfinished` (names of operations) is empty.
void set_unfinished(model::Row& row, std::vector<std::string> unfinished);
std::vector<std::string> unfinished_of(const schema::Value& notes_or_arguments,
                                       std::string_view name = "unfinished");

/// From which edition of its image a guest is made, where that is known: the facts of its change
/// tell the step that makes it, and the arguments of that step the row.
void pass_edition(const schema::Value& facts, schema::Value::Fields& arguments);
void note_edition(model::Row& row, const schema::Value& arguments);

/// A note of the row: set, or removed when the value is null.
void set_note(model::Row& row, const std::string& name, schema::Value value);

model::Outcome stored(model::Row row);

}  // namespace pveplan::pve
