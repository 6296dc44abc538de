#pragma once

#include "lab/core/parameter.hpp"

/// The property strings of virtual machines. What they hold depends on the major version.
namespace pveplan::lab {

enum class DriveBus { ide, sata, scsi, virtio };
const PropertyFormat& drive_format(int major, DriveBus bus);
/// Keys of all kinds of drives at once: what a stored drive may hold.
const PropertyFormat& any_drive_format(int major);
const PropertyFormat& efidisk_format(int major);
const PropertyFormat& tpmstate_format(int major);
const PropertyFormat& unused_format();
const PropertyFormat& nic_format(int major);
const PropertyFormat& agent_format(int major);
const PropertyFormat& audio_format();
const PropertyFormat& boot_format();
const PropertyFormat& cicustom_format();
const PropertyFormat& cpu_format(int major);
const PropertyFormat& hostpci_format(int major);
const PropertyFormat& ipconfig_format();
const PropertyFormat& ivshmem_format();
const PropertyFormat& machine_format(int major);
const PropertyFormat& memory_format();
const PropertyFormat& numa_format();
const PropertyFormat& rng_format();
const PropertyFormat& sev_format();
const PropertyFormat& tdx_format();
const PropertyFormat& smbios_format();
const PropertyFormat& spice_format();
const PropertyFormat& usb_format();
const PropertyFormat& vga_format();
const PropertyFormat& virtiofs_format();
const PropertyFormat& watchdog_format();

}  // namespace pveplan::lab
