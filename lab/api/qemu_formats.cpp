#include "lab/api/qemu_formats.hpp"

#include "lab/core/text.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace pveplan::lab {
namespace {

using Keys = std::vector<Parameter>;

Parameter another_name(std::string name, std::string target) {
  Parameter parameter = text(std::move(name));
  parameter.alias = std::move(target);
  return parameter;
}

PropertyFormat for_major(int major, Keys keys, std::string default_key) {
  std::erase_if(keys, [&](const Parameter& key) { return !key.since.covers(major); });
  return {std::move(keys), std::move(default_key)};
}

/// One table for each major version, made once.
template <typename Make>
const PropertyFormat& by_major(int major, Make make) {
  static const PropertyFormat kEight = make(8);
  static const PropertyFormat kNine = make(9);
  return major >= 9 ? kNine : kEight;
}

void append(Keys& keys, Keys more) {
  for (Parameter& key : more) keys.push_back(std::move(key));
}

Parameter image_format() {
  return text("format").one_of({"raw", "qcow", "qed", "qcow2", "vmdk", "cloop"}).optional();
}

/// Where a drive's data is; `import-from` exists in requests only.
Keys file_keys() {
  return {text("file").of_format("pve-volume-id-or-qm-path"), another_name("volume", "file"),
          text("import-from").of_format("pve-volume-id-or-absolute-path").optional(),
          text("size").of_format("disk-size").optional()};
}

Keys throttle_keys() {
  Keys keys;
  for (const char* name : {"bps", "bps_rd", "bps_wr", "iops", "iops_max", "iops_rd", "iops_rd_max",
                           "iops_wr", "iops_wr_max"}) {
    keys.push_back(integer(name).optional());
  }
  for (const char* name :
       {"mbps", "mbps_max", "mbps_rd", "mbps_rd_max", "mbps_wr", "mbps_wr_max"}) {
    keys.push_back(number(name).optional());
  }
  for (const std::string name : {"bps", "bps_rd", "bps_wr", "iops", "iops_rd", "iops_wr"}) {
    keys.push_back(integer(name + "_max_length").at_least(1).optional());
    if (name.find('_') != std::string::npos)
      keys.push_back(another_name(name + "_length", name + "_max_length"));
  }
  return keys;
}

Keys common_drive_keys() {
  Keys keys = file_keys();
  append(keys, throttle_keys());
  append(keys,
         {image_format(), text("aio").one_of({"native", "threads", "io_uring"}).optional(),
          flag("backup").optional(),
          text("cache")
              .one_of({"none", "writethrough", "writeback", "unsafe", "directsync"})
              .optional(),
          flag("detect_zeroes").optional(), text("discard").one_of({"ignore", "on"}).optional(),
          text("media").one_of({"cdrom", "disk"}).optional(), flag("replicate").optional(),
          text("rerror").one_of({"ignore", "report", "stop"}).optional(),
          text("serial").of_format("urlencoded").up_to(60).optional(), flag("shared").optional(),
          flag("snapshot").optional(),
          text("werror").one_of({"enospc", "ignore", "report", "stop"}).optional()});
  for (const char* name : {"cyls", "heads", "secs"})
    keys.push_back(integer(name).optional().only_in(8));
  keys.push_back(text("trans").one_of({"none", "lba", "auto"}).optional().only_in(8));
  return keys;
}

Parameter model_key() { return text("model").of_format("urlencoded").up_to(120).optional(); }
Parameter ssd_key() { return flag("ssd").optional(); }
Parameter wwn_key() { return text("wwn").matching("(0x)[0-9a-fA-F]{16}").optional(); }
Parameter thread_key() { return flag("iothread").optional(); }
Parameter readonly_key() { return flag("ro").optional(); }
Keys scsi_only_keys() {
  return {text("product").matching("[A-Za-z0-9\\-_\\s]{0,16}").optional(),
          integer("queues").at_least(2).optional(), flag("scsiblock").optional(),
          text("vendor").matching("[A-Za-z0-9\\-_\\s]{0,8}").optional()};
}

PropertyFormat make_drive_format(int major, DriveBus bus) {
  Keys keys = common_drive_keys();
  switch (bus) {
    case DriveBus::ide:
      append(keys, {model_key(), ssd_key(), wwn_key()});
      break;
    case DriveBus::sata:
      append(keys, {ssd_key(), wwn_key()});
      break;
    case DriveBus::scsi:
      append(keys, {ssd_key(), wwn_key(), thread_key(), readonly_key()});
      append(keys, scsi_only_keys());
      break;
    case DriveBus::virtio:
      append(keys, {thread_key(), readonly_key()});
      break;
  }
  return for_major(major, std::move(keys), "file");
}

Keys efi_only_keys() {
  return {text("efitype").one_of({"2m", "4m"}).optional(),
          text("ms-cert").one_of({"2011", "2023", "2023w", "2023k"}).optional(),
          flag("pre-enrolled-keys").optional()};
}

Parameter tpm_version() { return text("version").one_of({"v1.2", "v2.0"}).optional(); }

const std::vector<std::string>& nic_models() {
  static const std::vector<std::string> kModels{
      "e1000",  "e1000-82540em", "e1000-82544gc", "e1000-82545em", "e1000e",
      "i82551", "i82557b",       "i82559er",      "ne2k_isa",      "ne2k_pci",
      "pcnet",  "rtl8139",       "virtio",        "vmxnet3"};
  return kModels;
}

constexpr const char* kNumberRanges = "\\d+(?:-\\d+)?(?:;\\d+(?:-\\d+)?)*";

PropertyFormat make_nic_format(int major) {
  Keys keys{text("bridge").of_format("pve-bridge-id").optional(),
            flag("firewall").optional(),
            flag("link_down").optional(),
            text("macaddr").of_format("mac-addr").optional(),
            text("model").one_of(nic_models()),
            integer("mtu").between(1, 65520).optional(),
            integer("queues").between(0, 64).optional(),
            number("rate").at_least(0).optional(),
            integer("tag").between(1, 4094).optional(),
            text("trunks").matching(kNumberRanges).optional(),
            flag("host-tunnel").optional().only_in(9)};
  for (const std::string& model : nic_models()) {
    Parameter key = another_name(model, "macaddr");
    key.key_alias = "model";
    keys.push_back(std::move(key));
  }
  return for_major(major, std::move(keys), "model");
}

/// The order is the one that refusals list.
std::vector<std::string> cpu_models(int major);

}  // namespace

const PropertyFormat& drive_format(int major, DriveBus bus) {
  static const std::map<std::pair<int, DriveBus>, PropertyFormat> kFormats = [] {
    std::map<std::pair<int, DriveBus>, PropertyFormat> formats;
    for (const int version : {8, 9}) {
      for (const DriveBus each : {DriveBus::ide, DriveBus::sata, DriveBus::scsi, DriveBus::virtio})
        formats.emplace(std::pair(version, each), make_drive_format(version, each));
    }
    return formats;
  }();
  return kFormats.at({major >= 9 ? 9 : 8, bus});
}

const PropertyFormat& any_drive_format(int major) {
  return by_major(major, [](int version) {
    PropertyFormat format = make_drive_format(version, DriveBus::scsi);
    append(format.keys, {model_key(), tpm_version()});
    append(format.keys, efi_only_keys());
    return format;
  });
}

const PropertyFormat& efidisk_format(int major) {
  return by_major(major, [](int version) {
    Keys keys = file_keys();
    keys.push_back(image_format());
    append(keys, efi_only_keys());
    return for_major(version, std::move(keys), "file");
  });
}

const PropertyFormat& tpmstate_format(int major) {
  return by_major(major, [](int version) {
    Keys keys = file_keys();
    append(keys,
           {tpm_version(), text("format").one_of({"raw", "qcow2", "vmdk"}).optional().only_in(9)});
    return for_major(version, std::move(keys), "file");
  });
}

const PropertyFormat& unused_format() {
  static const PropertyFormat kFormat{
      {text("file").of_format("pve-volume-id"), another_name("volume", "file")}, "file"};
  return kFormat;
}

const PropertyFormat& nic_format(int major) { return by_major(major, make_nic_format); }

const PropertyFormat& agent_format(int major) {
  return by_major(major, [](int version) {
    Keys keys{flag("enabled"), flag("fstrim_cloned_disks").optional(),
              text("type").one_of({"virtio", "isa"}).optional()};
    if (version >= 9) {
      append(keys, {flag("freeze-fs").optional(), another_name("freeze-fs-on-backup", "freeze-fs"),
                    another_name("guest-fsfreeze", "freeze-fs")});
    } else {
      keys.push_back(flag("freeze-fs-on-backup").optional());
    }
    return PropertyFormat{std::move(keys), "enabled"};
  });
}

const PropertyFormat& audio_format() {
  static const PropertyFormat kFormat{
      {text("device").one_of({"ich9-intel-hda", "intel-hda", "AC97"}),
       text("driver").one_of({"spice", "none"}).optional()},
      {}};
  return kFormat;
}

const PropertyFormat& boot_format() {
  static const PropertyFormat kFormat{{text("legacy").matching("[acdn]{1,4}").optional(),
                                       text("order").of_format("pve-qm-bootdev-list").optional()},
                                      "legacy"};
  return kFormat;
}

const PropertyFormat& cicustom_format() {
  static const PropertyFormat kFormat = [] {
    Keys keys;
    for (const char* name : {"meta", "network", "user", "vendor"})
      keys.push_back(text(name).of_format("pve-volume-id").optional());
    return PropertyFormat{std::move(keys), {}};
  }();
  return kFormat;
}

const PropertyFormat& cpu_format(int major) {
  return by_major(major, [](int version) {
    Keys keys{text("cputype").optional(),
              text("flags").matching("[+-][a-zA-Z0-9\\-_.]+(;[+-][a-zA-Z0-9\\-_.]+)*").optional(),
              integer("guest-phys-bits").between(32, 64).optional().only_in(9),
              flag("hidden").optional(),
              text("hv-vendor-id").matching("[a-zA-Z0-9]{1,12}").optional(),
              integer("level").between(0, 4294967295).optional().only_in(9),
              text("phys-bits").of_format("pve-phys-bits").optional(),
              text("reported-model").one_of(cpu_models(version)).optional()};
    return for_major(version, std::move(keys), "cputype");
  });
}

const PropertyFormat& hostpci_format(int major) {
  return by_major(major, [](int version) {
    const std::string slot = "(?:[a-f0-9]{4,}:)?[a-f0-9]{2}:[a-f0-9]{2}(?:\\.[a-f0-9])?";
    Keys keys{text("driver").one_of({"vfio", "keep"}).optional().only_in(9),
              text("host").matching(slot + "(;" + slot + ")*").optional(),
              flag("legacy-igd").optional(),
              text("mapping").of_format("pve-configid").optional(),
              text("mdev").matching("[^/.:]+").optional(),
              flag("pcie").optional(),
              flag("rombar").optional(),
              text("romfile").matching("[^,;]+").optional(),
              flag("x-vga").optional()};
    for (const char* name : {"device-id", "vendor-id", "sub-device-id", "sub-vendor-id"})
      keys.push_back(text(name).matching("0x[0-9a-fA-F]{4}").optional());
    return for_major(version, std::move(keys), "host");
  });
}

const PropertyFormat& ipconfig_format() {
  static const PropertyFormat kFormat{{text("ip").of_format("pve-ipv4-config").optional(),
                                       text("gw").of_format("ipv4").with("ip").optional(),
                                       text("ip6").of_format("pve-ipv6-config").optional(),
                                       text("gw6").of_format("ipv6").with("ip6").optional()},
                                      {}};
  return kFormat;
}

const PropertyFormat& ivshmem_format() {
  static const PropertyFormat kFormat{
      {text("name").matching("[a-zA-Z0-9\\-]+").optional(), integer("size").at_least(1)}, {}};
  return kFormat;
}

const PropertyFormat& machine_format(int major) {
  return by_major(major, [](int version) {
    Keys keys{
        number("aw-bits").between(32, 64).optional().only_in(9), flag("enable-s3").optional(),
        flag("enable-s4").optional(),
        text("type")
            .matching(
                "(pc|pc(-i440fx)?-\\d+(\\.\\d+)+(\\+pve\\d+)?(\\.pxe)?|q35|pc-q35-\\d+(\\.\\d+"
                ")+(\\+pve\\d+)?(\\.pxe)?|virt(?:-\\d+(\\.\\d+)+)?(\\+pve\\d+)?)")
            .up_to(40)
            .optional(),
        text("viommu").one_of({"intel", "virtio"}).optional()};
    return for_major(version, std::move(keys), "type");
  });
}

const PropertyFormat& memory_format() {
  static const PropertyFormat kFormat{{integer("current").at_least(16)}, "current"};
  return kFormat;
}

const PropertyFormat& numa_format() {
  static const PropertyFormat kFormat{
      {text("cpus").matching(kNumberRanges), text("hostnodes").matching(kNumberRanges).optional(),
       number("memory").optional(),
       text("policy").one_of({"preferred", "bind", "interleave"}).optional()},
      {}};
  return kFormat;
}

const PropertyFormat& rng_format() {
  static const PropertyFormat kFormat{
      {integer("max_bytes").optional(), integer("period").optional(),
       text("source").one_of({"/dev/urandom", "/dev/random", "/dev/hwrng"})},
      "source"};
  return kFormat;
}

const PropertyFormat& sev_format() {
  static const PropertyFormat kFormat{
      {flag("allow-smt").optional(), flag("kernel-hashes").optional(), flag("no-debug").optional(),
       flag("no-key-sharing").optional(), text("type").one_of({"std", "es", "snp"}).up_to(3)},
      "type"};
  return kFormat;
}

const PropertyFormat& tdx_format() {
  static const PropertyFormat kFormat{
      {flag("attestation"), text("type").one_of({"tdx"}),
       integer("vsock-cid").at_least(2).optional(), integer("vsock-port").at_least(0).optional()},
      "type"};
  return kFormat;
}

const PropertyFormat& smbios_format() {
  static const PropertyFormat kFormat = [] {
    Keys keys{
        flag("base64").optional(),
        text("uuid").matching("[a-fA-F0-9]{8}(?:-[a-fA-F0-9]{4}){3}-[a-fA-F0-9]{12}").optional()};
    for (const char* name : {"family", "manufacturer", "product", "serial", "sku", "version"})
      keys.push_back(text(name).matching("[A-Za-z0-9+\\/]+={0,2}").optional());
    return PropertyFormat{std::move(keys), {}};
  }();
  return kFormat;
}

const PropertyFormat& spice_format() {
  static const PropertyFormat kFormat{
      {flag("foldersharing").optional(),
       text("videostreaming").one_of({"off", "all", "filter"}).optional()},
      {}};
  return kFormat;
}

const PropertyFormat& usb_format() {
  static const PropertyFormat kFormat{
      {text("host")
           .matching("(0x)?[0-9A-Fa-f]{4}:(0x)?[0-9A-Fa-f]{4}|\\d+-\\d+(\\.\\d+)*|[Ss][Pp][Ii][Cc]["
                     "Ee]")
           .optional(),
       text("mapping").of_format("pve-configid").optional(), flag("usb3").optional()},
      "host"};
  return kFormat;
}

const PropertyFormat& vga_format() {
  static const PropertyFormat kFormat{
      {text("clipboard").one_of({"vnc"}).optional(), integer("memory").between(4, 512).optional(),
       text("type")
           .one_of({"cirrus", "qxl", "qxl2", "qxl3", "qxl4", "none", "serial0", "serial1",
                    "serial2", "serial3", "std", "virtio", "virtio-gl", "vmware"})
           .optional()},
      "type"};
  return kFormat;
}

const PropertyFormat& virtiofs_format() {
  static const PropertyFormat kFormat{
      {text("cache").one_of({"auto", "always", "metadata", "never"}).optional(),
       flag("direct-io").optional(), text("dirid").of_format("pve-configid"),
       flag("expose-acl").optional(), flag("expose-xattr").optional()},
      "dirid"};
  return kFormat;
}

const PropertyFormat& watchdog_format() {
  static const PropertyFormat kFormat{
      {text("action")
           .one_of({"reset", "shutdown", "poweroff", "pause", "debug", "none"})
           .optional(),
       text("model").one_of({"i6300esb", "ib700"}).optional()},
      "model"};
  return kFormat;
}

namespace {

/// Models that 8 does not know.
const std::vector<std::string>& new_cpu_models() {
  static const std::vector<std::string> kModels{"a64fx",
                                                "ClearwaterForest",
                                                "cortex-a35",
                                                "cortex-a53",
                                                "cortex-a55",
                                                "cortex-a57",
                                                "cortex-a710",
                                                "cortex-a72",
                                                "cortex-a76",
                                                "EPYC-Genoa-v2",
                                                "EPYC-Milan-v3",
                                                "EPYC-Rome-v5",
                                                "EPYC-Turin",
                                                "EPYC-v5",
                                                "GraniteRapids-v2",
                                                "GraniteRapids-v3",
                                                "Icelake-Server-v7",
                                                "neoverse-n1",
                                                "neoverse-n2",
                                                "neoverse-v1",
                                                "SapphireRapids-v3",
                                                "SapphireRapids-v4",
                                                "SierraForest",
                                                "SierraForest-v2",
                                                "SierraForest-v3"};
  return kModels;
}

constexpr const char* kCpuModels =
    "486 a64fx athlon Broadwell Broadwell-IBRS Broadwell-noTSX Broadwell-noTSX-IBRS "
    "Cascadelake-Server Cascadelake-Server-noTSX Cascadelake-Server-v2 "
    "Cascadelake-Server-v4 Cascadelake-Server-v5 ClearwaterForest Conroe Cooperlake "
    "Cooperlake-v2 core2duo coreduo cortex-a35 cortex-a53 cortex-a55 cortex-a57 "
    "cortex-a710 cortex-a72 cortex-a76 EPYC EPYC-Genoa EPYC-Genoa-v2 EPYC-IBPB "
    "EPYC-Milan EPYC-Milan-v2 EPYC-Milan-v3 EPYC-Rome EPYC-Rome-v2 EPYC-Rome-v3 "
    "EPYC-Rome-v4 EPYC-Rome-v5 EPYC-Turin EPYC-v3 EPYC-v4 EPYC-v5 GraniteRapids "
    "GraniteRapids-v2 GraniteRapids-v3 Haswell Haswell-IBRS Haswell-noTSX "
    "Haswell-noTSX-IBRS host Icelake-Client Icelake-Client-noTSX Icelake-Server "
    "Icelake-Server-noTSX Icelake-Server-v3 Icelake-Server-v4 Icelake-Server-v5 "
    "Icelake-Server-v6 Icelake-Server-v7 IvyBridge IvyBridge-IBRS KnightsMill kvm32 "
    "kvm64 max Nehalem Nehalem-IBRS neoverse-n1 neoverse-n2 neoverse-v1 Opteron_G1 "
    "Opteron_G2 Opteron_G3 Opteron_G4 Opteron_G5 Penryn pentium pentium2 pentium3 phenom "
    "qemu32 qemu64 SandyBridge SandyBridge-IBRS SapphireRapids SapphireRapids-v2 "
    "SapphireRapids-v3 SapphireRapids-v4 SierraForest SierraForest-v2 SierraForest-v3 "
    "Skylake-Client Skylake-Client-IBRS Skylake-Client-noTSX-IBRS Skylake-Client-v4 "
    "Skylake-Server Skylake-Server-IBRS Skylake-Server-noTSX-IBRS Skylake-Server-v4 "
    "Skylake-Server-v5 Westmere Westmere-IBRS";

std::vector<std::string> cpu_models(int major) {
  std::vector<std::string> models = split_list(kCpuModels);
  if (major < 9) {
    std::erase_if(models, [](const std::string& model) { return is_in(new_cpu_models(), model); });
  }
  return models;
}

}  // namespace

}  // namespace pveplan::lab
