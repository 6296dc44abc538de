#pragma once

#include "model/cluster.hpp"
#include "model/live.hpp"
#include "model/row.hpp"
#include "providers/pve/guest/part_names.hpp"
#include "providers/pve/guest_codec/guest_config.hpp"

namespace pveplan::pve {

/// What the effect rules, lower() and people want to know of a guest besides its attributes:
///   status       "running", "stopped"
///   hotplug      list: "disk", "network", "usb", "cpu", "memory", "cloudinit"
///   lock         text, where there is one
///   template, ha, protection, agent   flags
///   node         where it is
///   machine      major version of a pinned machine type; absent when not pinned
///   volumes      what a delete frees: list of {label, bytes, volume, backup}; no cloud-init
///   drives;
///                `backup` is there, and false, where backups leave the volume out
///   undeclared   of these, what the topology does not name: list of the labels
///   unfinished   list: operations that an incomplete guest still needs, from the row
///   identity     of the live object: a replacement's change names the new one
model::LiveFacts guest_facts(const GuestConfig& config, const PartNames& names,
                             const model::GuestFacts& listed, const std::string& status,
                             const model::Row* row);

/// The hotplug features in force: the default set, none, or as stated (FACTS 8.5).
schema::Value hotplug_features(const GuestConfig& config);

/// "9" of "pc-q35-9.0+pve0"; nullopt for "q35" or nothing.
std::optional<std::int64_t> machine_major(std::string_view machine);

}  // namespace pveplan::pve
