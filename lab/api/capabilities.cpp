// What the QEMU of each version offers: static catalogues, taken from the answers of the real one.

#include "lab/api/areas.hpp"
#include "lab/core/call.hpp"
#include "lab/core/text.hpp"

#include <fmt/format.h>

#include <map>
#include <string_view>

namespace pveplan::lab {
namespace {

using schema::Value;

struct Machines {
  int major;
  std::string_view type, versions;
};

constexpr Machines kMachines[]{
    {8, "i440fx",
     "1.4 1.5 1.6 1.7 2.0 2.1 2.2 2.3 2.4 2.5 2.6 2.7 2.8 2.9 2.10 2.11 2.12 3.0 3.1 4.0 "
     "4.1 4.1+pve1 4.1+pve2 4.2 5.0 5.1 5.2 6.0 6.1 6.2 7.0 7.1 7.2"},
    {8, "q35",
     "2.4 2.5 2.6 2.7 2.8 2.9 2.10 2.11 2.12 3.0 3.1 4.0 4.0.1 4.1 4.1+pve1 4.1+pve2 4.2 "
     "5.0 5.1 5.2 6.0 6.1 6.2 7.0 7.1 7.2"},
    {9, "i440fx",
     "2.4 2.5 2.6 2.7 2.8 2.9 2.10 2.11 2.12 3.0 3.1 4.0 4.1 4.1+pve1 4.1+pve2 4.2 5.0 5.1 "
     "5.2 6.0 6.1 6.2 7.0 7.1 7.2 8.0 8.1 8.2 9.0 9.1 9.2 9.2+pve1 10.0 10.0+pve1 10.1 10.2 "
     "11.0 11.0+pve1 11.0+pve2"},
    {9, "q35",
     "2.4 2.5 2.6 2.7 2.8 2.9 2.10 2.11 2.12 3.0 3.1 4.0 4.0.1 4.1 4.1+pve1 4.1+pve2 4.2 "
     "5.0 5.1 5.2 6.0 6.1 6.2 7.0 7.1 7.2 8.0 8.1 8.2 9.0 9.1 9.2 9.2+pve1 10.0 10.0+pve1 "
     "10.1 10.2 11.0 11.0+pve1 11.0+pve2"},
};

struct MachineChange {
  std::string_view version, text;
};

constexpr MachineChange kMachineChanges[]{
    {"4.1+pve1", "Introduction of pveX versioning, no changes."},
    {"4.1+pve2", "Increases the number of SCSI drives supported."},
    {"9.2+pve1", "Disables S3/S4 power states by default."},
    {"10.0+pve1", "Set host_mtu vNIC option even with default value for migration compat."},
    {"11.0+pve1", "Use host_tunnel=off by default for VirtIO NICs."},
    {"11.0+pve2", "Enable hv_emcs for Windows 11/2022/2025 to mitigate issues with VBS."},
};

struct CpuModels {
  std::string_view vendor, both, only_in_9;
};

constexpr CpuModels kCpuModels[]{
    {"AuthenticAMD",
     "EPYC EPYC-Genoa EPYC-IBPB EPYC-Milan EPYC-Milan-v2 EPYC-Rome EPYC-Rome-v2 EPYC-"
     "Rome-v3 EPYC-Rome-v4 EPYC-v3 EPYC-v4 Opteron_G1 Opteron_G2 Opteron_G3 Opteron_G4 "
     "Opteron_G5 athlon phenom",
     "EPYC-Genoa-v2 EPYC-Milan-v3 EPYC-Rome-v5 EPYC-Turin EPYC-v5"},
    {"GenuineIntel",
     "486 Broadwell Broadwell-IBRS Broadwell-noTSX Broadwell-noTSX-IBRS Cascadelake-Server "
     "Cascadelake-Server-noTSX Cascadelake-Server-v2 Cascadelake-Server-v4 Cascadelake-"
     "Server-v5 Conroe Cooperlake Cooperlake-v2 GraniteRapids Haswell Haswell-IBRS Haswell-"
     "noTSX Haswell-noTSX-IBRS Icelake-Client Icelake-Client-noTSX Icelake-Server Icelake-"
     "Server-noTSX Icelake-Server-v3 Icelake-Server-v4 Icelake-Server-v5 Icelake-Server-v6 "
     "IvyBridge IvyBridge-IBRS KnightsMill Nehalem Nehalem-IBRS Penryn SandyBridge "
     "SandyBridge-IBRS SapphireRapids SapphireRapids-v2 Skylake-Client Skylake-Client-IBRS "
     "Skylake-Client-noTSX-IBRS Skylake-Client-v4 Skylake-Server Skylake-Server-IBRS "
     "Skylake-Server-noTSX-IBRS Skylake-Server-v4 Skylake-Server-v5 Westmere Westmere-IBRS "
     "core2duo coreduo pentium pentium2 pentium3",
     "ClearwaterForest GraniteRapids-v2 GraniteRapids-v3 Icelake-Server-v7 "
     "SapphireRapids-v3 SapphireRapids-v4 SierraForest SierraForest-v2 SierraForest-v3"},
    {"default", "host kvm32 kvm64 max qemu32 qemu64 x86-64-v2 x86-64-v2-AES x86-64-v3 x86-64-v4",
     ""},
};

Value machine_entry(std::string_view type, const std::string& version) {
  Value::Fields fields{{"id", str(fmt::format("pc-{}-{}", type, version))},
                       {"type", str(std::string(type))},
                       {"version", str(version)}};
  for (const MachineChange& change : kMachineChanges) {
    if (change.version == version) fields.emplace_back("changes", str(std::string(change.text)));
  }
  return Value::map(std::move(fields));
}

Reply machines(Call& call) {
  Value::List list;
  for (const Machines& group : kMachines) {
    if (group.major != (call.major() >= 9 ? 9 : 8)) continue;
    for (const std::string& version : split_list(group.versions)) {
      list.push_back(machine_entry(group.type, version));
    }
  }
  return Value::list(std::move(list));
}

Value cpu_entry(std::string_view vendor, const std::string& name, bool mark_abstract) {
  Value::Fields fields{
      {"name", str(name)}, {"vendor", str(std::string(vendor))}, {"custom", num(0)}};
  if (mark_abstract && name.starts_with("x86-64-v")) fields.emplace_back("abstract", num(1));
  return Value::map(std::move(fields));
}

Reply cpu_models(Call& call) {
  Value::List list;
  const bool nine = call.major() >= 9;
  for (const CpuModels& group : kCpuModels) {
    std::string names(group.both);
    if (nine) names += " " + std::string(group.only_in_9);
    for (const std::string& name : split_list(names)) {
      list.push_back(cpu_entry(group.vendor, name, nine));
    }
  }
  return Value::list(std::move(list));
}

}  // namespace

void add_capability_calls(ApiTable& api) {
  const auto architecture = [] {
    return text("arch").one_of({"x86_64", "aarch64"}).optional().only_in(9);
  };
  api.get("/nodes/{node}/capabilities/qemu/machines", machines)
      .allowed(everyone())
      .on_node()
      .takes({architecture()});
  api.get("/nodes/{node}/capabilities/qemu/cpu", cpu_models)
      .allowed(everyone())
      .takes({node_name(), architecture()});
}

}  // namespace pveplan::lab
