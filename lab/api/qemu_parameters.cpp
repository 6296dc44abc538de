#include "lab/api/qemu_parameters.hpp"

#include "lab/api/qemu_formats.hpp"
#include "lab/core/text.hpp"

#include <fmt/format.h>

namespace pveplan::lab {
namespace {

using Options = std::vector<Parameter>;

void add_all(Options& options, Options more) {
  for (Parameter& option : more) options.push_back(std::move(option));
}

void add_drives(Options& options, int major) {
  const auto drive = [&](const char* name, DriveBus bus, int highest) {
    options.push_back(text(name).made_of(drive_format(major, bus)).numbered_to(highest).optional());
  };
  drive("ide[n]", DriveBus::ide, 3);
  drive("sata[n]", DriveBus::sata, 5);
  drive("scsi[n]", DriveBus::scsi, 30);
  drive("virtio[n]", DriveBus::virtio, 15);
  add_all(options, {text("efidisk0").made_of(efidisk_format(major)).optional(),
                    text("tpmstate0").made_of(tpmstate_format(major)).optional(),
                    text("unused[n]").made_of(unused_format()).numbered_to(255).optional(),
                    text("cdrom")
                        .made_of(drive_format(major, DriveBus::ide))
                        .of_format("pve-qm-ide")
                        .optional()});
}

void add_processor_and_memory(Options& options, int major) {
  add_all(
      options,
      {text("affinity").of_format("pve-cpuset").optional(), flag("allow-ksm").optional().only_in(9),
       text("amd-sev").made_of(sev_format()).of_format("pve-qemu-sev-fmt").optional(),
       text("arch").one_of({"x86_64", "aarch64"}).optional(),
       integer("balloon").at_least(0).optional(), integer("cores").at_least(1).optional(),
       text("cpu").made_of(cpu_format(major)).of_format("pve-vm-cpu-conf").optional(),
       number("cpulimit").between(0, 128).optional(),
       integer("cpuunits").between(1, 262144).optional(),
       text("hugepages").one_of({"any", "2", "1024"}).optional(),
       text("intel-tdx").made_of(tdx_format()).of_format("pve-qemu-tdx-fmt").optional().only_in(9),
       flag("keephugepages").optional(), text("memory").made_of(memory_format()).optional(),
       flag("numa").optional(), text("numa[n]").made_of(numa_format()).numbered_to(7).optional(),
       integer("shares").between(0, 50000).optional(), integer("smp").at_least(1).optional(),
       integer("sockets").at_least(1).optional(), integer("vcpus").at_least(1).optional()});
}

void add_devices(Options& options, int major) {
  add_all(
      options,
      {text("audio0").made_of(audio_format()).optional(),
       text("hostpci[n]")
           .made_of(hostpci_format(major))
           .of_format("pve-qm-hostpci")
           .numbered_to(15)
           .optional(),
       text("ivshmem").made_of(ivshmem_format()).optional(),
       text("net[n]").made_of(nic_format(major)).numbered_to(31).optional(),
       text("parallel[n]").matching("/dev/parport\\d+|/dev/usb/lp\\d+").numbered_to(2).optional(),
       text("rng0").made_of(rng_format()).of_format("pve-qm-rng").optional(),
       text("scsihw")
           .one_of(
               {"lsi", "lsi53c810", "virtio-scsi-pci", "virtio-scsi-single", "megasas", "pvscsi"})
           .optional(),
       text("serial[n]").matching("(/dev/[^,]+|socket)").numbered_to(3).optional(),
       text("spice_enhancements").made_of(spice_format()).optional(), flag("tablet").optional(),
       text("usb[n]").made_of(usb_format()).numbered_to(13).optional(),
       text("vga").made_of(vga_format()).optional(),
       text("virtiofs[n]").made_of(virtiofs_format()).numbered_to(9).optional(),
       text("watchdog").made_of(watchdog_format()).of_format("pve-qm-watchdog").optional()});
}

void add_behaviour(Options& options, int major) {
  add_all(
      options,
      {flag("acpi").optional(),
       text("agent").made_of(agent_format(major)).optional(),
       text("args").optional(),
       flag("autostart").optional(),
       text("bios").one_of({"seabios", "ovmf"}).optional(),
       text("boot").made_of(boot_format()).of_format("pve-qm-boot").optional(),
       text("bootdisk")
           .of_format("pve-qm-bootdisk")
           .matching("(ide|sata|scsi|virtio)\\d+")
           .optional(),
       flag("freeze").optional(),
       text("hookscript").of_format("pve-volume-id").optional(),
       text("hotplug").of_format("pve-hotplug-features").optional(),
       text("keyboard")
           .one_of({"de",    "de-ch", "da", "en-gb", "en-us", "es", "fi", "fr", "fr-be",
                    "fr-ca", "fr-ch", "hu", "is",    "it",    "ja", "lt", "mk", "nl",
                    "no",    "pl",    "pt", "pt-br", "sv",    "sl", "tr"})
           .optional(),
       flag("kvm").optional(),
       flag("localtime").optional(),
       text("lock")
           .one_of({"backup", "clone", "create", "migrate", "rollback", "snapshot",
                    "snapshot-delete", "suspending", "suspended"})
           .optional(),
       text("machine").made_of(machine_format(major)).optional(),
       number("migrate_downtime").at_least(0).optional(),
       integer("migrate_speed").at_least(0).optional(),
       flag("onboot").optional(),
       text("ostype")
           .one_of({"other", "wxp", "w2k", "w2k3", "w2k8", "wvista", "win7", "win8", "win10",
                    "win11", "l24", "l26", "solaris"})
           .optional(),
       flag("protection").optional(),
       flag("reboot").optional(),
       text("smbios1").made_of(smbios_format()).of_format("pve-qm-smbios1").up_to(512).optional(),
       text("startdate")
           .matching("(now|\\d{4}-\\d{1,2}-\\d{1,2}(T\\d{1,2}:\\d{1,2}:\\d{1,2})?)")
           .optional(),
       text("startup").of_format("pve-startup-order").optional(),
       flag("tdf").optional(),
       flag("template").optional(),
       text("vmgenid")
           .matching("(?:[a-fA-F0-9]{8}(?:-[a-fA-F0-9]{4}){3}-[a-fA-F0-9]{12}|[01])")
           .optional(),
       text("vmstatestorage").of_format("pve-storage-id").optional()});
}

void add_names(Options& options) {
  add_all(options, {text("description").up_to(8192).optional(),
                    text("name").of_format("dns-name").optional(),
                    text("tags").of_format("pve-tag-list").optional()});
}

void add_cloud_init(Options& options) {
  add_all(options,
          {text("cicustom").made_of(cicustom_format()).of_format("pve-qm-cicustom").optional(),
           text("cipassword").optional(),
           text("citype").one_of({"configdrive2", "nocloud", "opennebula"}).optional(),
           flag("ciupgrade").optional(), text("ciuser").optional(),
           text("ipconfig[n]")
               .made_of(ipconfig_format())
               .of_format("pve-qm-ipconfig")
               .numbered_to(31)
               .optional(),
           text("nameserver").of_format("address-list").optional(), text("searchdomain").optional(),
           text("sshkeys").of_format("urlencoded").optional()});
}

Options make_options(int major) {
  Options options;
  add_drives(options, major);
  add_processor_and_memory(options, major);
  add_devices(options, major);
  add_behaviour(options, major);
  add_names(options);
  add_cloud_init(options);
  std::erase_if(options, [&](const Parameter& option) { return !option.since.covers(major); });
  return options;
}

void add_numbered(std::vector<std::string>& names, const char* stem, int highest) {
  for (int i = 0; i <= highest; ++i) names.push_back(fmt::format("{}{}", stem, i));
}

}  // namespace

const std::vector<Parameter>& qemu_options(int major) {
  static const Options kEight = make_options(8);
  static const Options kNine = make_options(9);
  return major >= 9 ? kNine : kEight;
}

const Parameter* find_qemu_option(int major, const std::string& name) {
  const auto digits = name.find_last_not_of("0123456789") + 1;
  const std::string numbered = name.substr(0, digits) + "[n]";
  const auto number = digits < name.size() ? to_integer(name.substr(digits)) : std::nullopt;
  for (const Parameter& option : qemu_options(major)) {
    if (option.name == name) return &option;
    if (option.name == numbered && number && *number <= option.highest_index) return &option;
  }
  return nullptr;
}

std::vector<std::string> drive_names() {
  std::vector<std::string> names;
  add_numbered(names, "ide", 3);
  add_numbered(names, "scsi", 30);
  add_numbered(names, "virtio", 15);
  add_numbered(names, "sata", 5);
  add_numbered(names, "efidisk", 0);
  add_numbered(names, "tpmstate", 0);
  return names;
}

std::vector<std::string> unused_names() {
  std::vector<std::string> names;
  add_numbered(names, "unused", 255);
  return names;
}

}  // namespace pveplan::lab
