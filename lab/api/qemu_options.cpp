// What the options of a call become before they are stored.

#include "lab/api/qemu_drive.hpp"
#include "lab/api/qemu_formats.hpp"
#include "lab/api/qemu_parameters.hpp"
#include "lab/api/qemu_work.hpp"
#include "lab/core/parameters.hpp"
#include "lab/core/text.hpp"
#include "lab/core/validate.hpp"
#include "lab/world/volumes.hpp"

#include <fmt/format.h>

#include <set>

namespace pveplan::lab {
namespace {

std::string mac_prefix(const World& world) {
  const auto found = world.cluster.options.find("mac_prefix");
  return found == world.cluster.options.end() ? "BC:24:11" : found->second;
}

/// `model=MAC` in front, the rest sorted; without a MAC a new one is drawn.
std::string stored_nic(World& world, const std::string& name, const std::string& text) {
  const int major = world.release.major;
  auto nic = parse_property_string(nic_format(major), text, name, {major});
  if (!nic) return text;
  std::string& mac = (*nic)["macaddr"];
  if (mac.empty()) mac = world.random.mac(mac_prefix(world));
  std::string result = nic->at("model") + "=" + mac;
  for (const auto& [key, value] : *nic) {
    if (key != "model" && key != "macaddr") result += "," + key + "=" + value;
  }
  return result;
}

std::string stored_tags(const std::string& text) {
  std::set<std::string> tags;
  for (const std::string& tag : split_list(text)) tags.insert(to_lower(tag));
  return join(tags, ";");
}

std::string base64_bytes(std::string_view text) {
  static const std::string kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  unsigned bits = 0;
  int count = 0;
  for (const char letter : text) {
    const auto value = kAlphabet.find(letter);
    if (value == std::string::npos) break;
    bits = (bits << 6) | static_cast<unsigned>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>((bits >> count) & 0xff);
  }
  return bytes;
}

/// The blob of a key begins with its type, with the length in front.
bool is_public_key(const std::string& line) {
  const auto words = split_list(line);
  if (words.size() < 2) return false;
  const std::string blob = base64_bytes(words[1]);
  const std::string& type = words[0];
  constexpr std::size_t kLengthBytes = 4;
  return blob.size() > kLengthBytes + type.size() + 8 &&
         blob[3] == static_cast<char>(type.size()) &&
         blob.substr(kLengthBytes, type.size()) == type;
}

Attempt<void> check_hookscript(const Call& call, const std::string& volid) {
  if (find_volume(call.world, volid, call.node) != nullptr) return {};
  return bad_parameter("hookscript", fmt::format("script '{}' does not exist\n", volid));
}

/// The lab has no models of its own.
Attempt<void> check_processor(int major, const std::string& text) {
  const auto keys = parse_property_string(cpu_format(major), text, "cpu", {major});
  if (!keys || !keys->contains("cputype") || !keys->at("cputype").starts_with("custom-")) return {};
  return bad_parameter("cpu", fmt::format("invalid format - Custom cputype '{}' not found\n",
                                          keys->at("cputype").substr(7)));
}

/// A crypt string, as the server makes one of a plain password.
std::string hashed(World& world, const std::string& password) {
  if (password.starts_with("$")) return password;
  return fmt::format("$5${}${}", world.random.hex(8), world.random.hex(43));
}

}  // namespace

std::string argument(const Work& work, const std::string& name) {
  const schema::Value* value = work.event.arguments.find(name);
  return value == nullptr ? std::string{} : scalar_text(*value);
}

int vmid_argument(const schema::Value& arguments) {
  const schema::Value* value = arguments.find("vmid");
  return value == nullptr ? 0 : static_cast<int>(value->as_integer());
}

Attempt<void> check_ssh_keys(const std::string& encoded) {
  for (const std::string& line : split(percent_decode(encoded), '\n')) {
    if (!trim(line).empty() && !is_public_key(line)) return fail("SSH public key validation error");
  }
  return {};
}

GuestOptions given_options(const Call& call) {
  GuestOptions options;
  for (const auto& [name, value] : call.parameters.all()) {
    if (value.is_null() || find_qemu_option(call.major(), name) == nullptr) continue;
    options[name] = scalar_text(value);
  }
  if (const auto alias = options.extract("cdrom")) {
    auto drive = parse_drive(call.major(), alias.mapped());
    if (drive) drive->keys["media"] = "cdrom";
    options["ide2"] = drive ? print_drive(*drive) : alias.mapped();
  }
  return options;
}

Attempt<GuestOptions> prepared_options(Call& call, GuestOptions options, bool creating) {
  for (auto& [name, value] : options) {
    if (matches(name, "net[0-9]+")) value = stored_nic(call.world, name, value);
    if (name == "tags" && (!creating || call.major() >= 9)) value = stored_tags(value);
    if (name == "cipassword" && !creating) value = hashed(call.world, value);
    if (name == "vmgenid" && value == "1") value = call.world.random.uuid();
    if (name == "hookscript") {
      if (const auto good = check_hookscript(call, value); !good)
        return std::unexpected(good.error());
    }
    if (name == "cpu") {
      if (const auto good = check_processor(call.major(), value); !good)
        return std::unexpected(good.error());
    }
    if (name != "description") continue;
    const auto end = value.find_last_not_of(" \t\r\n");
    value.erase(end == std::string::npos ? 0 : end + 1);
  }
  const auto description = options.find("description");
  if (creating && description != options.end() && description->second.empty())
    options.erase(description);
  return options;
}

void join_pool(World& world, const std::string& pool, int vmid) {
  const auto found = world.access.pools.find(pool);
  if (found != world.access.pools.end()) found->second.guests.insert(vmid);
}

void leave_pools(World& world, int vmid) {
  for (auto& [id, pool] : world.access.pools) pool.guests.erase(vmid);
}

}  // namespace pveplan::lab
