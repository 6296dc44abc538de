#pragma once

#include "schema/resource_schema.hpp"

#include <initializer_list>

/// What VMs, templates and, later, containers share of their schemas.
namespace pveplan::pve {

/// One disk: `disk.NAME`.
schema::ObjectSchema disk_schema();
/// The only thing a template states about its disk.
schema::ObjectSchema template_disk_schema();
/// One network interface: `nic.NAME`.
schema::ObjectSchema nic_schema();
/// What cloud-init sets up at the first start.
schema::ObjectSchema cloud_init_schema();

/// cores, sockets, cpu, memory, machine, bios, scsi_controller, agent.
void add_hardware(schema::ObjectBuilder& object);
/// description, tags, pool, protect.
void add_description(schema::ObjectBuilder& object);

/// What a type can be told how long to wait for.
enum class Timeout { create, update, remove, shutdown, lock };
/// `timeouts`; "delete" is the word for a removal.
void add_timeouts(schema::ObjectBuilder& object, std::initializer_list<Timeout> kinds);

}  // namespace pveplan::pve
