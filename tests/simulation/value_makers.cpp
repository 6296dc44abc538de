#include "tests/simulation/value_makers.hpp"

#include <fmt/format.h>

#include <initializer_list>
#include <stdexcept>

namespace pveplan::sim {
namespace {

using schema::AttributeSchema;
using schema::Format;
using schema::Type;
using Made = std::optional<std::string>;

std::string one_of(SimRandom& draws, const std::vector<std::string>& texts) {
  return texts[draws.below(texts.size())];
}

ValueMaker always(ValueMaker maker) {
  maker.always = true;
  return maker;
}

/// One of several TOML values.
ValueMaker any_of(std::vector<std::string> values) {
  return {[values = std::move(values)](const DrawPlace&, SimRandom& draws,
                                       std::string_view) -> Made { return one_of(draws, values); }};
}

/// Only where the block has one instance: a value that can exist once.
ValueMaker once(std::function<std::string(const DrawPlace&, SimRandom&, std::string_view)> make) {
  return {[make = std::move(make)](const DrawPlace& place, SimRandom& draws,
                                   std::string_view path) -> Made {
    if (place.keyed) return std::nullopt;
    return make(place, draws, path);
  }};
}

/// "data" of "disk.data.size".
std::string part_of(std::string_view path) {
  const auto begin = path.find('.') + 1;
  return std::string(path.substr(begin, path.find('.', begin) - begin));
}

/// What a VM is made from: it is for life.
enum class Origin { full_clone, linked_clone, image, empty };
Origin origin_of(const DrawPlace& place) {
  auto draws = for_life(place, "origin");
  return static_cast<Origin>(draws.below(4));
}

Made storage_of_disk(const DrawPlace& place, SimRandom& draws, std::string_view path) {
  const auto origin = origin_of(place);
  const bool cloned = origin == Origin::full_clone || origin == Origin::linked_clone;
  if (cloned && part_of(path) == "os") return std::nullopt;
  return quoted(one_of(draws, {"local-lvm", "local-lvm", "nfs1"}));
}

/// Grows with every edit, and is never below what an image needs.
Made size_of_disk(const DrawPlace& place, SimRandom& draws, std::string_view path) {
  // "log" may be filled from an image.
  const bool filled = part_of(path) != "data";
  const auto least = (filled ? 6 : 1) + 2 * place.edit;
  return quoted(fmt::format("{}GiB", static_cast<std::uint64_t>(least) + draws.below(2)));
}

Made slot_of_disk(const DrawPlace&, SimRandom& draws, std::string_view path) {
  if (part_of(path) == "os") return std::nullopt;
  const bool data = part_of(path) == "data";
  return quoted(data ? one_of(draws, {"scsi7", "virtio3", "sata2"})
                     : one_of(draws, {"scsi9", "virtio5"}));
}

Made address_of_nic(const DrawPlace& place, SimRandom& draws, std::string_view path) {
  const int host = 150 + 8 * place.index + (part_of(path) == "lan" ? 0 : 1);
  const auto fixed = fmt::format("10.10.20.{}/24", host);
  std::vector<std::string> values{"dhcp"};
  if (place.names.contains("ip_pool")) values.emplace_back("pool:lan");
  if (!place.keyed) values.push_back(fixed);
  return quoted(one_of(draws, values));
}

std::map<std::string, ValueMaker> makers_of_disks() {
  return {
      {"vm.disk.*.storage", always({storage_of_disk})},
      {"vm.disk.*.size", always({size_of_disk})},
      {"vm.disk.*.slot", {slot_of_disk}},
      {"vm.disk.*.on_remove", any_of({quoted("destroy")})},
      {"vm.disk.*.image", {[](const DrawPlace& place, SimRandom&, std::string_view path) -> Made {
         if (part_of(path) != "log") return std::nullopt;
         return quoted(place.names.at("image").front());
       }}},
      // What a template's disk was made with is for new templates.
      {"template.disk.*.size",
       {[](const DrawPlace& place, SimRandom&, std::string_view path) -> Made {
         auto life = for_life(place, path);
         return quoted(one_of(life, {"4GiB", "5GiB"}));
       }}},
  };
}

std::map<std::string, ValueMaker> makers_of_nics() {
  const auto lan = [](std::string_view path) { return part_of(path) == "lan"; };
  return {
      {"vm.nic.*.bridge",
       always({[](const DrawPlace& place, SimRandom& draws, std::string_view) -> Made {
         std::vector<std::string> names{"vmbr0"};
         if (place.names.contains("bridge")) names.push_back(place.names.at("bridge").front());
         return quoted(one_of(draws, names));
       }})},
      {"vm.nic.*.ip", {address_of_nic}},
      {"vm.nic.*.gateway", any_of({quoted("10.10.20.1")})},
      {"vm.nic.*.gateway6", any_of({quoted("fd00::1")})},
      {"vm.nic.*.ip6",
       {[lan](const DrawPlace& place, SimRandom& draws, std::string_view path) -> Made {
         if (place.keyed) return quoted(one_of(draws, {"auto", "dhcp"}));
         const auto host = 0x50 + 2 * place.index + (lan(path) ? 0 : 1);
         return quoted(one_of(draws, {"auto", "dhcp", fmt::format("fd00::{:x}/64", host)}));
       }}},
      {"vm.nic.*.mtu", any_of({"1", "1280", "1400"})},
      {"vm.nic.*.mac", once([lan](const DrawPlace& place, SimRandom&, std::string_view path) {
         return quoted(fmt::format("02:00:00:00:{:02X}:{:02X}", place.index, lan(path) ? 1 : 2));
       })},
      {"vm.nic.*.slot", {[lan](const DrawPlace&, SimRandom&, std::string_view path) -> Made {
         return quoted(lan(path) ? "net3" : "net5");
       }}},
  };
}

std::map<std::string, ValueMaker> makers_of_guests() {
  const auto from_template = [](Origin origin) {
    return origin == Origin::full_clone || origin == Origin::linked_clone;
  };
  return {
      {"vm.template",
       always({[from_template](const DrawPlace& place, SimRandom&, std::string_view) -> Made {
         if (!from_template(origin_of(place))) return std::nullopt;
         return quoted(place.names.at("template").front());
       }})},
      {"vm.image", always({[](const DrawPlace& place, SimRandom&, std::string_view) -> Made {
         if (origin_of(place) != Origin::image) return std::nullopt;
         return quoted(place.names.at("image").front());
       }})},
      {"vm.clone", always({[](const DrawPlace& place, SimRandom& draws, std::string_view) -> Made {
         if (origin_of(place) == Origin::linked_clone) return quoted("linked");
         if (origin_of(place) != Origin::full_clone || draws.one_in(2)) return std::nullopt;
         return quoted("full");
       }})},
      {"vm.name", {[](const DrawPlace& place, SimRandom& draws, std::string_view) -> Made {
         const auto front = one_of(draws, {"x", "y"});
         return quoted(
             fmt::format("{}-{}{}", front, place.name, place.keyed ? "-${each.key}" : ""));
       }}},
      {"vm.vmid", once([](const DrawPlace& place, SimRandom&, std::string_view) {
         return fmt::format("{}", 260 + place.index);
       })},
      {"vm.cores", any_of({"1", "2", "4"})},
      {"vm.sockets", any_of({"1", "2"})},
      {"vm.memory", any_of({quoted("512MiB"), quoted("1GiB"), quoted("1025MiB")})},
      {"vm.cpu", any_of({quoted("host"), quoted("x86-64-v2-AES"), quoted("kvm64,flags=+aes")})},
      {"vm.machine", any_of({quoted("q35"), quoted("pc"), quoted("q35,viommu=virtio")})},
      {"vm.protect", any_of({"false"})},
      {"vm.cloud_init.user", any_of({quoted("admin"), quoted("me")})},
      {"vm.cloud_init.ssh_keys",
       any_of(
           {"[\"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIN8b4xYbQz0sZ9m7yW5jXw3o5l3yq0X1o2g3k4l5m6n7 "
            "a@b\"]"})},
      {"vm.cloud_init.password", any_of({"{ env = \"PASSWORD\" }"})},
      {"template.vmid", {[](const DrawPlace& place, SimRandom&, std::string_view) -> Made {
         if (place.nodes.size() > 1) return std::nullopt;
         return fmt::format("{}", 280 + place.index);
       }}},
      {"template.cores", any_of({"1", "2"})},
      {"template.sockets", any_of({"1", "2"})},
      {"template.guest_agent", any_of({quoted("present"), quoted("none")})},
      {"template.memory", any_of({quoted("512MiB"), quoted("1GiB")})},
      {"template.cpu", any_of({quoted("host"), quoted("kvm64")})},
      {"template.machine", any_of({quoted("q35"), quoted("pc")})},
      {"template.protect", any_of({"false"})},
      {"template.name", any_of({quoted("golden"), quoted("silver")})},
  };
}

std::string joined_list(const std::vector<std::string>& texts) {
  std::string result;
  for (const auto& text : texts) result += (result.empty() ? "" : ", ") + quoted(text);
  return "[" + result + "]";
}

std::map<std::string, ValueMaker> makers_of_hosts() {
  const auto all_nodes = [](const DrawPlace& place, SimRandom&, std::string_view) -> Made {
    return joined_list(place.nodes);
  };
  return {
      {"bridge.nodes", always({all_nodes})},
      {"bridge.iface", {[](const DrawPlace& place, SimRandom&, std::string_view) -> Made {
         return quoted(place.name);
       }}},
      {"bridge.ports", any_of({"[]", "[\"eno2\"]"})},
      // One that does not come up with its node keeps its guests from starting.
      {"bridge.autostart", any_of({"true"})},
      {"bridge.mtu", any_of({"1400", "1500", "9000"})},
      {"bridge.vlan_aware", any_of({"true"})},
      {"bridge.vlans", any_of({"[\"2-100\"]", "[\"7\", \"20-30\"]"})},
      {"image.nodes", always({all_nodes})},
      {"image.storage", any_of({quoted("local"), quoted("local")})},
      {"image.url",
       always(any_of({quoted("http://127.0.0.1:8007/images/debian-12-generic-amd64.qcow2")}))},
      {"image.name", {[](const DrawPlace& place, SimRandom&, std::string_view) -> Made {
         return quoted("file-" + place.name);
       }}},
      {"image.content", any_of({quoted("import")})},
      {"template.nodes", always({all_nodes})},
      {"template.image", always({[](const DrawPlace& place, SimRandom&, std::string_view) -> Made {
         return quoted(place.names.at("image").front());
       }})},
      {"template.storage", any_of({quoted("local-lvm")})},
      {"pool.id", {[](const DrawPlace& place, SimRandom&, std::string_view) -> Made {
         return quoted("p-" + place.name);
       }}},
      {"ip_pool.cidr", any_of({quoted("10.10.20.0/24")})},
      {"ip_pool.allocate",
       any_of({"[\"10.10.20.50-10.10.20.99\"]", "[\"10.10.20.40-10.10.20.60\"]"})},
      {"ip_pool.reserve", any_of({"[\"10.10.20.45\"]", "[\"10.10.20.40-10.10.20.41\"]"})},
      {"ip_pool.gateway", any_of({quoted("10.10.20.1"), quoted("10.10.20.2")})},
      {"ip_pool.use_for", any_of({quoted("guests")})},
      {"output.doc", any_of({quoted("for people")})},
  };
}

std::map<std::string, ValueMaker> all_makers() {
  auto result = makers_of_guests();
  result.merge(makers_of_disks());
  result.merge(makers_of_nics());
  result.merge(makers_of_hosts());
  return result;
}

std::string text_of_format(Format format, SimRandom& draws) {
  switch (format) {
    case Format::none:
      return one_of(draws, {"one", "two words", "three"});
    case Format::name:
    case Format::dns_name:
      return one_of(draws, {"alpha", "beta"});
    case Format::tag:
      return one_of(draws, {"red", "green", "blue"});
    case Format::ip:
    case Format::ipv4:
      return one_of(draws, {"10.10.20.2", "10.10.20.3"});
    case Format::ipv6:
      return "fd00::2";
    case Format::interface_name:
    case Format::mac:
    case Format::ipv4_with_prefix:
    case Format::ipv6_with_prefix:
    case Format::ipv4_network:
    case Format::ipv4_range:
    case Format::guest_ipv4:
    case Format::guest_ipv6:
    case Format::integer_range:
    case Format::url:
    case Format::checksum:
    case Format::disk_slot:
    case Format::nic_slot:
    case Format::storage_name:
    case Format::pool_id:
    case Format::file:
    case Format::ssh_key:
      break;
  }
  throw std::logic_error("texts of this format need a maker of their own");
}

Made name_of_target(const schema::ReferenceRule& rule, const DrawPlace& place, SimRandom& draws) {
  std::vector<std::string> names;
  for (const auto& type : rule.target_types) {
    const auto found = place.names.find(type);
    if (found != place.names.end())
      names.insert(names.end(), found->second.begin(), found->second.end());
    if (type == "node") names.insert(names.end(), place.nodes.begin(), place.nodes.end());
    if (type == "storage") names.emplace_back("local-lvm");
  }
  if (names.empty()) return std::nullopt;
  return quoted(rule.prefix + one_of(draws, names));
}

Made enumerated(const AttributeSchema& attribute, const DrawPlace& place, SimRandom& draws) {
  std::vector<std::string> names;
  for (const auto& value : attribute.one_of) {
    if (value.later.empty() && value.versions.contains(place.version)) names.push_back(value.name);
  }
  return quoted(one_of(draws, names));
}

std::uint64_t low_number(const AttributeSchema& attribute, SimRandom& draws) {
  const auto least = static_cast<std::uint64_t>(attribute.minimum.value_or(0));
  return least + draws.below(3) * static_cast<std::uint64_t>(attribute.multiple_of.value_or(1));
}

}  // namespace

const std::map<std::string, ValueMaker>& value_makers() {
  static const auto kMakers = all_makers();
  return kMakers;
}

const ValueMaker* maker_of(const std::string& schema_path) {
  const auto found = value_makers().find(schema_path);
  return found == value_makers().end() ? nullptr : &found->second;
}

const std::map<std::string, std::string>& not_drawn() {
  static const std::map<std::string, std::string> kReasons = {
      {"image.file", "the lab's machine has no such file; tests/providers/pve uploads some"},
      {"image.known", "needs the lock file that `pveplan lock` writes; lock_test has it"},
      {"image.checksum", "follows from the URL; image_replace_test pins and changes it"},
      {"image.checksum_url", "is read by `pveplan lock`; lock_test has it"},
      {"bridge.address", "a bridge with an address is never changed again; bridge_test has it"},
      {"bridge.address6", "a bridge with an address is never changed again; bridge_test has it"},
      {"bridge.gateway", "goes with an address; vmbr0 is the default gateway of every node"},
      {"bridge.gateway6", "goes with an address; bridge_test has it"},
      {"vm.nic.*.dns", "stands for the pool's in the same option; drawn at ip_pool.dns"},
      {"vm.wait", "needs an agent or SSH in the guest; readiness_test has it"},
      {"vm.nic.*.search", "stands for the pool's in the same option; drawn at ip_pool.search"},
  };
  return kReasons;
}

std::optional<std::string> generic_value(const AttributeSchema& attribute, const DrawPlace& place,
                                         SimRandom& draws) {
  if (attribute.later_except) return fmt::format("{}", attribute.later_except->as_integer());
  if (!attribute.one_of.empty()) return enumerated(attribute, place, draws);
  if (attribute.reference) return name_of_target(*attribute.reference, place, draws);
  switch (attribute.type.kind) {
    case Type::Kind::boolean:
    case Type::Kind::one_of:
      return draws.one_in(2) ? "true" : "false";
    case Type::Kind::integer:
      return fmt::format("{}", low_number(attribute, draws));
    case Type::Kind::string:
      return quoted(text_of_format(attribute.format, draws));
    case Type::Kind::duration:
      return quoted(one_of(draws, {"20m", "1h"}));
    case Type::Kind::any:
      return one_of(draws, {"1", "\"two\"", "{ three = [3, \"drei\"] }", "true", "1.5"});
    case Type::Kind::list:
    case Type::Kind::set: {
      const auto first = text_of_format(attribute.format, draws);
      const auto second = text_of_format(attribute.format, draws);
      return joined_list(first == second ? std::vector{first} : std::vector{first, second});
    }
    case Type::Kind::decimal:
    case Type::Kind::size:
    case Type::Kind::secret:
    case Type::Kind::map:
    case Type::Kind::object:
    case Type::Kind::keyed_part:
      break;
  }
  throw std::logic_error(attribute.name + ": this kind of value needs a maker of its own");
}

std::vector<std::string> part_names(const std::string& schema_path, const DrawPlace& place) {
  if (schema_path == "template.disk") return {"os"};
  if (schema_path == "vm.disk") return {"os", "data", "log"};
  if (schema_path == "vm.nic") return {"lan", "dmz"};
  return {place.name + "-one", place.name + "-two"};
}

}  // namespace pveplan::sim
