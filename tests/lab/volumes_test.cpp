#include "lab/world/volumes.hpp"

#include "lab/world/make_world.hpp"
#include "tests/support/catch.hpp"

using namespace pveplan::lab;

namespace {

constexpr std::int64_t kGiB = 1024LL * 1024 * 1024;

World one_node() {
  WorldOptions options;
  options.nodes = 1;
  return make_world(options);
}

NewVolume disk(const std::string& storage, int guest, std::int64_t size) {
  NewVolume wanted;
  wanted.storage = storage;
  wanted.node = "pve";
  wanted.guest = guest;
  wanted.size = size;
  return wanted;
}

}  // namespace

TEST_CASE("disks get the lowest free number of their guest, in the storage's spelling", "[lab]") {
  World world = one_node();
  CHECK(allocate_volume(world, disk("local-lvm", 100, kGiB))->volid == "local-lvm:vm-100-disk-0");
  CHECK(allocate_volume(world, disk("local-lvm", 100, kGiB))->volid == "local-lvm:vm-100-disk-1");
  CHECK(free_volume(world, "local-lvm:vm-100-disk-0", "pve").has_value());
  CHECK(allocate_volume(world, disk("local-lvm", 100, kGiB))->volid == "local-lvm:vm-100-disk-0");
  CHECK(allocate_volume(world, disk("local-lvm", 101, kGiB))->volid == "local-lvm:vm-101-disk-0");
  auto qcow2 = disk("local", 100, kGiB);
  qcow2.format = "qcow2";
  CHECK(allocate_volume(world, qcow2)->volid == "local:100/vm-100-disk-0.qcow2");
  CHECK(volume_path(world.storage, "local:100/vm-100-disk-0.qcow2") ==
        "/var/lib/vz/images/100/vm-100-disk-0.qcow2");
  CHECK(volumes_of_guest(world, "local-lvm", "pve", 100).size() == 2);
}

TEST_CASE("sizes are whole extents on LVM and whole KiB in files", "[lab]") {
  World world = one_node();
  const auto made = allocate_volume(world, disk("local-lvm", 100, 10'000'384));
  REQUIRE(made.has_value());
  CHECK(made->log == std::vector<std::string>{"  Logical volume \"vm-100-disk-0\" created."});
  CHECK(find_volume(world, made->volid, "pve")->size == 12 * 1024 * 1024);
  const auto log = resize_volume(world, made->volid, "pve", 3 * kGiB + 1);
  CHECK(log.front() == "  Rounding up size to full physical extent 3.00 GiB");
  CHECK(log.back() == "  Logical volume pve/vm-100-disk-0 successfully resized.");
  CHECK(round_volume_size("dir", 107'374'183) == 107'374'592);
}

TEST_CASE("a base that a linked clone needs cannot be removed from a directory", "[lab]") {
  World world = one_node();
  auto wanted = disk("local", 100, kGiB);
  wanted.format = "qcow2";
  const auto made = allocate_volume(world, wanted);
  const auto base = rename_volume(world, made->volid, "pve", 100, "base-100-disk-0.qcow2");
  CHECK(base.volid == "local:100/base-100-disk-0.qcow2");
  auto linked = disk("local", 101, kGiB);
  linked.format = "qcow2";
  linked.base = "100/base-100-disk-0.qcow2";
  const auto clone = allocate_volume(world, linked);
  REQUIRE(clone.has_value());
  CHECK(clone->volid == "local:100/base-100-disk-0.qcow2/101/vm-101-disk-0.qcow2");
  CHECK(free_volume(world, base.volid, "pve").error() ==
        "base volume '100/base-100-disk-0.qcow2' is still in use by linked cloned");
  CHECK(free_volume(world, clone->volid, "pve").has_value());
  CHECK(free_volume(world, base.volid, "pve").has_value());
}

TEST_CASE("names that exist, unknown formats and full thick storages are refused", "[lab]") {
  World world = one_node();
  auto wanted = disk("local-lvm", 100, kGiB);
  wanted.file = "vm-100-cloudinit";
  CHECK(allocate_volume(world, wanted).has_value());
  CHECK(allocate_volume(world, wanted).error().find("already exists in volume group \"pve\"") !=
        std::string::npos);
  wanted.format = "qcow2";
  CHECK(allocate_volume(world, wanted).error() == "unsupported format 'qcow2'");
  world.storage.definitions["thick"] = {"lvm", {{"vgname", "big"}}};
  world.storage.spaces["thick"]["pve"] = {8 * kGiB, 0, true};
  CHECK(allocate_volume(world, disk("thick", 100, 5 * kGiB)).has_value());
  CHECK_FALSE(allocate_volume(world, disk("thick", 100, 5 * kGiB)).has_value());
}

TEST_CASE("a volume's name tells its content, or is refused in the storage's words", "[lab]") {
  const StorageDefinition directory{"dir", {{"path", "/x"}}};
  const StorageDefinition thin{"lvmthin", {{"vgname", "pve"}}};
  CHECK(parse_volume_name(directory, "iso/x.iso")->content == "iso");
  CHECK(parse_volume_name(directory, "vztmpl/d_1.tar.gz")->format == "tgz");
  CHECK(parse_volume_name(directory, "import/x.qcow2")->format == "qcow2");
  CHECK(parse_volume_name(directory, "5/vm-7-disk-0.raw")->guest == 5);
  CHECK(parse_volume_name(directory, "x.iso").error() ==
        "unable to parse directory volume name 'x.iso'");
  CHECK(parse_volume_name(thin, "32G").error() == "unable to parse lvm volume name '32G'");
  CHECK(parse_volume_name(thin, "base-9-disk-1")->is_base);
  CHECK_FALSE(parse_volume_id("nonsense").has_value());
}
