#include "lab/world/make_world.hpp"

#include "lab/core/text.hpp"
#include "lab/world/recorded_guests.hpp"

#include <fmt/format.h>

namespace pveplan::lab {
namespace {

constexpr std::int64_t kGiB = 1024LL * 1024 * 1024;
constexpr const char* kAllDirContent = "iso,vztmpl,backup,import,snippets";

Interface interface(std::string name, std::map<std::string, std::string> options) {
  return {std::move(name), std::move(options)};
}

/// eno1 below vmbr0, which carries the node's address.
NodeNetwork plain_network(const std::string& address, const std::string& gateway, Time now) {
  NodeNetwork network;
  network.current.interfaces = {
      interface("lo", {{"type", "loopback"}, {"method", "loopback"}, {"autostart", "1"}}),
      interface("eno1", {{"type", "eth"}, {"method", "manual"}}),
      interface("vmbr0", {{"type", "bridge"},
                          {"method", "static"},
                          {"cidr", address + "/24"},
                          {"gateway", gateway},
                          {"bridge_ports", "eno1"},
                          {"bridge_stp", "off"},
                          {"bridge_fd", "0"},
                          {"autostart", "1"}}),
  };
  network.current.changed_at = now.time_since_epoch().count();
  network.links = {"lo", "eno1", "vmbr0"};
  network.hardware = {"eno1"};
  network.created = {"vmbr0"};
  return network;
}

std::string drawn_fingerprint(SeededRandom& random) {
  std::vector<std::string> bytes;
  for (int i = 0; i < 32; ++i) bytes.push_back(fmt::format("{:02X}", random.below(256)));
  return join(bytes, ":");
}

Hardware demo_hardware() {
  Hardware hardware;
  hardware.cpus = 16;
  hardware.memory = 64 * kGiB;
  hardware.memory_used = 4 * kGiB;
  hardware.root_disk = 100 * kGiB;
  hardware.root_used = 8 * kGiB;
  hardware.root_available = 87 * kGiB;
  hardware.cpu_model = "AMD EPYC 7302P 16-Core Processor";
  hardware.cpu_vendor = "AuthenticAMD";
  hardware.cpu_family = "23";
  hardware.cpu_flags =
      "fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 svm";
  hardware.cpu_megahertz = "3000.000";
  hardware.virtualization = true;
  hardware.kernel = "6.14.11-1-pve";
  return hardware;
}

void add_node(World& world, const std::string& name, int id, int host) {
  Node node;
  node.id = id;
  node.address = fmt::format("10.10.10.{}", host);
  node.booted = world.now - std::chrono::hours{24};
  node.fingerprint = drawn_fingerprint(world.random);
  node.dns = {{"search", "example.com"}, {"dns1", "10.10.10.1"}};
  node.hardware = demo_hardware();
  node.network = plain_network(node.address, "10.10.10.1", world.now);
  world.nodes[name] = std::move(node);
}

void add_storage(World& world, const std::string& id, StorageDefinition definition,
                 const StorageSpace& space) {
  world.storage.definitions[id] = std::move(definition);
  for (const auto& [node, unused] : world.nodes) world.storage.spaces[id][node] = space;
}

void add_realms(World& world) {
  world.access.realms["pam"] = {"pam", "Linux PAM standard authentication"};
  world.access.realms["pve"] = {"pve", "Proxmox VE authentication server"};
}

std::set<std::string> deployer_privileges(int major) {
  const std::string common =
      "Datastore.AllocateSpace Datastore.AllocateTemplate Datastore.Audit Pool.Allocate Pool.Audit "
      "SDN.Use Sys.Audit Sys.Console Sys.Modify VM.Allocate VM.Audit VM.Clone VM.Config.CDROM "
      "VM.Config.CPU VM.Config.Cloudinit VM.Config.Disk VM.Config.HWType VM.Config.Memory "
      "VM.Config.Network VM.Config.Options VM.Migrate VM.PowerMgmt";
  const auto names = split_list(common);
  std::set<std::string> privileges(names.begin(), names.end());
  privileges.insert(major >= 9 ? "VM.GuestAgent.Audit" : "VM.Monitor");
  return privileges;
}

/// root, a deployer with a role of its own, an auditor, and one who may do nothing.
void add_users(World& world) {
  auto& access = world.access;
  access.users["root@pam"].password = "pveplan";
  access.users["deployer@pve"].password = "deployer";
  access.users["deployer@pve"].comment = "deployment user";
  access.users["auditor@pve"].password = "auditor";
  access.users["nobody@pve"].password = "nobody";
  access.custom_roles["PlanDeployer"] = deployer_privileges(world.release.major);
  access.acl["/"].users["deployer@pve"]["PlanDeployer"] = true;
  access.acl["/"].users["auditor@pve"]["PVEAuditor"] = true;
  add_token(world, "root@pam", "pveplan", false);
  add_token(world, "deployer@pve", "full", false);
  add_token(world, "deployer@pve", "sep", true);
  add_token(world, "auditor@pve", "ro", false);
  add_token(world, "nobody@pve", "none", false);
}

/// Small files with the names and virtual sizes of well-known ones.
void add_mirror(World& world, int port) {
  constexpr std::int64_t kMiB = 1024 * 1024;
  const auto add = [&](const char* name, MirrorFile file) {
    world.storage.mirror[fmt::format("http://127.0.0.1:{}/images/{}", port, name)] =
        std::move(file);
  };
  add("debian-12-generic-amd64.qcow2", {12 * kMiB, 3 * kGiB, "qcow2", {}});
  add("ubuntu-24.04-server-cloudimg-amd64.img", {14 * kMiB, 7 * kGiB / 2, "qcow2", {}});
  add("debian-12-netinst-amd64.iso", {8 * kMiB, 0, "iso", {}});
  add("debian-12-standard_12.7-1_amd64.tar.zst", {6 * kMiB, 0, "tar", {}});
}

World empty_world(int major, std::uint64_t seed, Time now) {
  World world;
  world.release = major >= 9 ? release_9() : release_8();
  world.now = now;
  world.random.state = seed;
  world.ticket_key = world.random.hex(64);
  world.cluster.root_ca_fingerprint = drawn_fingerprint(world.random);
  add_realms(world);
  return world;
}

Hardware recorded_hardware() {
  Hardware hardware;
  hardware.cpus = 2;
  hardware.memory = 25276514304;
  hardware.memory_used = 1097531392;
  hardware.root_disk = 270553174016;
  hardware.root_used = 27128586240;
  hardware.root_available = 75616694272;
  hardware.cpu_model = "AMD EPYC";
  hardware.cpu_vendor = "AuthenticAMD";
  hardware.cpu_family = "25";
  hardware.cpu_megahertz = "2596.130";
  hardware.cpu_flags =
      "fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr "
      "sse "
      "sse2 ht syscall nx mmxext fxsr_opt pdpe1gb rdtscp lm constant_tsc rep_good nopl xtopology "
      "nonstop_tsc cpuid extd_apicid tsc_known_freq pni pclmulqdq ssse3 fma cx16 pcid sse4_1 "
      "sse4_2 "
      "x2apic movbe popcnt tsc_deadline_timer aes xsave avx f16c rdrand hypervisor lahf_lm "
      "cmp_legacy "
      "cr8_legacy abm sse4a misalignsse 3dnowprefetch osvw topoext vmmcall fsgsbase tsc_adjust "
      "bmi1 "
      "avx2 smep bmi2 erms invpcid avx512f avx512dq rdseed adx smap avx512ifma clflushopt clwb "
      "avx512cd sha_ni avx512bw avx512vl xsaveopt xsavec xgetbv1 xsaves avx512_bf16 clzero "
      "xsaveerptr "
      "arat avx512vbmi umip avx512_vbmi2 gfni vaes vpclmulqdq avx512_vnni avx512_bitalg "
      "avx512_vpopcntdq rdpid fsrm";
  hardware.kernel = "KERNEL";
  return hardware;
}

Volume file(std::string content, std::string format, std::int64_t size, std::int64_t used) {
  Volume volume;
  volume.content = std::move(content);
  volume.format = std::move(format);
  volume.size = size;
  volume.used = used;
  return volume;
}

/// The machine of the recordings: devices that nobody recognized as hardware, a kernel without
/// VLANs, and on 8.4 no systemd, so that every reload fails before it touches a device.
void make_recorded_network(NodeNetwork& network, int major) {
  network.hardware = {};
  network.links.emplace_back("eno1peer");
  network.kernel_has_vlans = false;
  if (major >= 9) return;
  network.reload_failure =
      "Could not run before_regenerate for DHCP plugin dnsmasq command 'systemctl stop "
      "'dnsmasq@*'' "
      "failed: exit code 1 ";
  network.reload_failure_log = {
      "System has not been booted with systemd as init system (PID 1). Can't operate.",
      "Failed to connect to bus: Host is down"};
}

/// What lay on the storage `local` before the first recording.
void add_recorded_files(World& world, const std::string& node, std::string_view recording) {
  auto& local = world.storage.volumes["local"][node];
  local["import/base.qcow2"] = file("import", "qcow2", 117440512, 8716288);
  local["import/odd.raw"] = file("import", "raw", 10000384, 10000384);
  local["import/disk.vmdk"] = file("import", "vmdk", 67108864, 65536);
  local["iso/tiny.iso"] = file("iso", "iso", 358400, 358400);
  local["snippets/hook.sh"] = file("snippets", "snippet", 17, 17);
  local["snippets/user.yaml"] = file("snippets", "snippet", 43, 43);
  if (recording.find("lxc") != std::string_view::npos)
    local["vztmpl/debian-12-tiny_12.0-1_amd64.tar.gz"] = file("vztmpl", "tgz", 825, 825);
  auto& mirror = world.storage.mirror;
  mirror["http://127.0.0.1:8099/base.qcow2"] = {
      8716288,
      117440512,
      "qcow2",
      {{"sha256", "d6ce33d8a8886579f3c9b0ed5392a43f12f8026b4c3b3933284c082c5a751d32"}}};
  mirror["http://127.0.0.1:8099/odd.raw"] = {10000384, 0, "raw", {}};
  mirror["http://127.0.0.1:8099/tiny.iso"] = {
      358400,
      0,
      "iso",
      {{"sha256", "38f68ef39b04f6bba6005d5f34ca7baba80c997d08143f20a10f0365c84b54b4"},
       {"sha512",
        "242094c8f2d96e666ccb13f41122c477b636e110ae5611ee5b5d1d7b14e0c16827ca4795f5d7e635a0b4a5021a"
        "edd0d6c15e167ed48fa71491b070f5f4a67fef"}}};
}

/// Users that one recording alone had.
void add_recording_users(World& world, std::string_view recording) {
  auto& access = world.access;
  if (recording == "m6-access-misc") access.users.try_emplace("erin@pve");
  if (recording != "m6-permissions-lxc") return;
  access.acl["/"].users["ctadmin@pve"]["PVEAdmin"] = true;
  access.acl["/vms"].users["vmuser@pve"]["PVEVMUser"] = true;
  add_token(world, "ctadmin@pve", "tt", false);
  add_token(world, "vmuser@pve", "tt", false);
}

}  // namespace

Release release_8() { return {8, "8.4.21", "8.4", "2606ac850d46da29"}; }
Release release_9() { return {9, "9.2.11", "9.2", "14a22df35955d97d"}; }

std::string add_token(World& world, const std::string& user, const std::string& id,
                      bool privilege_separation) {
  Token token;
  token.secret = world.random.uuid();
  token.privilege_separation = privilege_separation;
  world.access.users[user].tokens[id] = token;
  return token.secret;
}

World make_world(const WorldOptions& options) {
  World world = empty_world(options.major, options.seed, options.start);
  if (options.nodes == 1) {
    add_node(world, "pve", 0, 2);
  } else {
    world.cluster.name = "lab";
    for (int k = 1; k <= options.nodes; ++k) add_node(world, fmt::format("pve{}", k), k, 10 + k);
  }
  add_storage(world, "local", {"dir", {{"path", "/var/lib/vz"}, {"content", kAllDirContent}}},
              {100 * kGiB, 8 * kGiB, true});
  add_storage(world, "local-lvm",
              {"lvmthin", {{"vgname", "pve"}, {"thinpool", "data"}, {"content", "rootdir,images"}}},
              {500 * kGiB, 0, true});
  add_users(world);
  add_mirror(world, options.mirror_port);
  return world;
}

World recordings_world(int major, std::string_view recording) {
  World world = empty_world(major, 1, from_unix(major >= 9 ? 1795237821 : 1795233840));
  add_node(world, "pve", 0, 2);
  Node& node = world.nodes["pve"];
  node.booted = world.now - std::chrono::seconds{4141};
  node.dns["dns1"] = "127.0.0.1";
  node.hardware = recorded_hardware();
  make_recorded_network(node.network, major);
  const std::string content = "images,rootdir,iso,vztmpl,backup,import,snippets";
  const StorageSpace root{node.hardware.root_disk, node.hardware.root_used, true};
  add_storage(world, "local", {"dir", {{"path", "/var/lib/vz"}, {"content", content}}}, root);
  add_storage(world, "local2", {"dir", {{"path", "/var/lib/vz2"}, {"content", "images,rootdir"}}},
              root);
  add_storage(world, "local-lvm",
              {"lvmthin", {{"vgname", "pve"}, {"thinpool", "data"}, {"content", "images,rootdir"}}},
              {137438953472, 0, true});
  add_users(world);
  add_recorded_files(world, "pve", recording);
  add_recording_users(world, recording);
  world.systems = {false, "agentvm", false};
  add_recorded_guests(world, recording);
  return world;
}

}  // namespace pveplan::lab
