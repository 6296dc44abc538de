#include "tests/simulation/drawn_topology.hpp"

#include "tests/simulation/rig.hpp"
#include "tests/support/topologies.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace pveplan::sim {
namespace {

class TopologyDraw {
 public:
  TopologyDraw(const DrawnLife& life, int edit, SimRandom& draws) : draws_(draws) {
    place_.draws = &draws;
    place_.life = life.seed;
    place_.edit = edit;
    place_.version = life.version;
    place_.nodes = life.node_names();
    place_.names["image"] = {"debian"};
    place_.names["template"] = {"debian"};
    if (draws.one_in(2)) place_.names["ip_pool"] = {"lan"};
    if (draws.one_in(3)) place_.names["bridge"] = {"vmbr5"};
    for (const char* name : {"team", "crew"}) {
      if (draws.one_in(2)) place_.names["pool"].emplace_back(name);
    }
  }

  DrawnTopology draw(int nodes) {
    result_.head = "[pveplan]\nname = \"t\"\nvmids = [\"200-249\"]\n" + Rig::connection(nodes);
    for (const auto& [type, names] : place_.names) {
      for (const auto& name : names) add(type, name, draw_lines(type, name));
    }
    if (draws_.one_in(2)) add_profile();
    for (const char* name : {"a", "b", "c", "d"}) {
      ++place_.index;
      if (draws_.one_in(2)) add_machine(name);
    }
    add_values();
    return std::move(result_);
  }

 private:
  Lines draw_lines(const std::string& type, const std::string& name) {
    place_.name = name;
    return draw_block(*tests::all_schemas().find(type), place_);
  }

  void add(const std::string& type, const std::string& name, const Lines& lines,
           const std::string& front = "") {
    auto text = fmt::format("[{}.{}]\n{}", type, name, front);
    for (const auto& [path, value] : lines) text += fmt::format("{} = {}\n", path, value);
    result_.blocks.push_back(std::move(text));
  }

  /// What guests may have in common: anything that concerns no part of them and no name.
  void add_profile() {
    place_.keyed = true;
    auto lines = draw_lines("vm", "profile");
    place_.keyed = false;
    static const std::vector<std::string> kShared = {"cores",  "memory", "tags",     "description",
                                                     "onboot", "cpu",    "timeouts", "restart"};
    std::erase_if(lines, [](const auto& line) {
      const auto front = line.first.substr(0, line.first.find('.'));
      return std::find(kShared.begin(), kShared.end(), front) == kShared.end();
    });
    add("profile", "common", lines);
    has_profile_ = true;
  }

  /// Not every bus has every option.
  static void fit_to_bus(Lines& lines) {
    for (const char* disk : {"disk.data", "disk.log"}) {
      const auto slot = lines.find(std::string(disk) + ".slot");
      if (slot == lines.end()) continue;
      if (slot->second.starts_with("\"sata")) lines.erase(std::string(disk) + ".iothread");
      if (slot->second.starts_with("\"virtio")) lines.erase(std::string(disk) + ".ssd");
    }
  }

  /// Only a fixed address needs a gateway: the other ways bring their own.
  static void fit_gateways(Lines& lines) {
    for (const char* nic : {"nic.lan", "nic.dmz"}) {
      const auto ip = lines.find(std::string(nic) + ".ip");
      if (ip != lines.end() && ip->second == "\"dhcp\"") lines.erase(std::string(nic) + ".gateway");
      const auto ip6 = lines.find(std::string(nic) + ".ip6");
      if (ip6 != lines.end() && ip6->second.find('/') == std::string::npos)
        lines.erase(std::string(nic) + ".gateway6");
    }
  }

  void add_machine(const std::string& name) {
    // Whether a block has keys is for life: its address would be another one.
    place_.name = name;
    const auto form = for_life(place_, "form").below(3);
    place_.keyed = form != 0;
    std::string front;
    if (form == 1) front = fmt::format("count = {}\n", 1 + draws_.below(3));
    if (form == 2)
      front = draws_.one_in(2) ? "for_each = [\"x\", \"y\"]\n" : "for_each = [\"y\"]\n";
    if (has_profile_ && draws_.one_in(2)) front += "use = [\"common\"]\n";
    auto lines = draw_lines("vm", name);
    fit_to_bus(lines);
    fit_gateways(lines);
    add("vm", name, lines, front);
    place_.keyed = false;
    machines_.push_back(name);
  }

  /// Records and outputs, some of which name what others export.
  void add_values() {
    for (const char* name : {"one", "two"}) {
      if (!draws_.one_in(2)) continue;
      auto lines = draw_lines("record", name);
      if (!machines_.empty() && draws_.one_in(2)) {
        lines["input"] =
            quoted(fmt::format("${{vm.{}[*].id}}", machines_[draws_.below(machines_.size())]));
      }
      add("record", name, lines);
    }
    if (draws_.one_in(2)) add("output", "told", draw_lines("output", "told"));
  }

  SimRandom& draws_;
  DrawPlace place_;
  DrawnTopology result_;
  std::vector<std::string> machines_;
  bool has_profile_ = false;
};

}  // namespace

std::string DrawnTopology::text() const {
  auto result = head;
  for (const auto& block : blocks) result += block;
  return result;
}

std::string DrawnTopology::shuffled(SimRandom& draws) const {
  auto other = *this;
  for (std::size_t i = other.blocks.size(); i > 1; --i)
    std::swap(other.blocks[i - 1], other.blocks[draws.below(i)]);
  return other.text();
}

std::vector<std::string> DrawnLife::node_names() const {
  if (nodes == 1) return {"pve"};
  std::vector<std::string> names;
  for (int i = 1; i <= nodes; ++i) names.push_back(fmt::format("pve{}", i));
  return names;
}

DrawnTopology draw_topology(const DrawnLife& life, int edit, SimRandom& draws) {
  return TopologyDraw(life, edit, draws).draw(life.nodes);
}

schema::Topology understood(const std::string& text) {
  const tests::TopologyText source(text);
  auto loaded = source.load();
  if (!loaded.topology) throw std::logic_error(text + source.messages());
  return std::move(*loaded.topology);
}

}  // namespace pveplan::sim
