#pragma once

#include "lab/core/call.hpp"
#include "lab/world/world.hpp"

#include <string>
#include <vector>

/// The config of a virtual machine: its file, how the API shows it, and what leads to another
/// state of it.
namespace pveplan::lab {

/// SHA-1 of the config file as the real one writes it.
std::string guest_digest(const Guest& guest);

/// One option as answers show it: numbers where the schema has numbers, secrets hidden.
schema::Value shown_option(int major, const std::string& name, const std::string& text);
/// All of a section, without a digest.
schema::Value::Fields shown_options(int major, const GuestOptions& options);

std::string option_of(const GuestOptions& options, const std::string& name,
                      const std::string& otherwise = {});
std::int64_t number_of(const GuestOptions& options, const std::string& name,
                       std::int64_t otherwise);
bool flag_of(const GuestOptions& options, const std::string& name, bool otherwise = false);

/// MiB of memory.
std::int64_t memory_of(const GuestOptions& options);
bool has_agent(int major, const GuestOptions& options);
std::string name_of(int vmid, const GuestOptions& options);
/// The drives and their values, sorted by name.
std::vector<std::pair<std::string, std::string>> drives_of(const GuestOptions& options);
/// Devices that the boot order names; empty when it names none.
std::vector<std::string> boot_order(const GuestOptions& options);
std::string boot_text(const std::vector<std::string>& devices);
/// First disk, first CD drive, first NIC, as a new machine gets them.
std::vector<std::string> default_boot_devices(int major, const GuestOptions& options);

/// The machine of the call's parameter vmid on its node, or the server's words about its absence.
Attempt<Guest*> find_machine(Call& call);
Attempt<Guest*> find_machine(World& world, const std::string& node, int vmid);
/// The same for calls that first look at whether it runs.
Attempt<Guest*> find_machine_state(World& world, const std::string& node, int vmid);

/// "VM is locked (backup)".
Attempt<void> check_lock(const Guest& guest);
Attempt<void> check_protection(const GuestOptions& options, const std::string& what);
/// "checksum mismatch …" when a digest was given that is not that of the config.
Attempt<void> check_digest(const Guest& guest, const std::string& given);

/// To be called before a guest changes: the cluster hears of it only every ten seconds.
void note_change(World& world, Guest& guest);

/// A failure as the exit status of a task.
std::string task_text(const Failure& failure);

}  // namespace pveplan::lab
