#include "schema/json_schema.hpp"

#include "schema/toml_tree.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/golden.hpp"
#include "tests/support/json_schema.hpp"
#include "tests/support/topologies.hpp"

#include <filesystem>

using namespace pveplan;
using schema::Node;
using schema::Value;

namespace {

/// TOML as editors hand it to a validator.
Value as_json(const Node& node) {
  if (const auto* truth = std::get_if<bool>(&node.data)) return Value::boolean(*truth);
  if (const auto* number = std::get_if<std::int64_t>(&node.data)) return Value::integer(*number);
  if (const auto* decimal = std::get_if<schema::Decimal>(&node.data))
    return Value::decimal(decimal->text);
  if (const auto* text = node.text()) return Value::string(*text);
  if (const auto* table = node.table()) {
    Value::Fields fields;
    for (const auto& entry : table->entries) fields.emplace_back(entry.key, as_json(*entry.value));
    return Value::map(std::move(fields));
  }
  Value::List items;
  if (const auto* array = node.array()) {
    for (const auto& item : array->items) items.push_back(as_json(*item));
  }
  return Value::list(std::move(items));
}

std::vector<std::string> editor_faults(const std::string& text) {
  static const auto kSchema = schema::json_schema(tests::all_schemas());
  const auto tree = schema::parse_toml(text, schema::Span::kNoFile);
  REQUIRE(tree.has_value());
  return sim::schema_faults(kSchema, as_json(**tree));
}

std::string joined(const std::vector<std::string>& lines) {
  std::string result;
  for (const auto& line : lines) result += line + '\n';
  return result;
}

constexpr const char* kHead =
    "[pveplan]\nname = \"x\"\n"
    "[proxmox]\nendpoint = \"https://a:8006\"\ntoken = { env = \"T\" }\n";

bool program_accepts(const std::string& text) {
  const auto loaded = tests::TopologyText(text).any_file("ssh-ed25519 AAAA me@here\n").load();
  return loaded.topology.has_value();
}

}  // namespace

TEST_CASE("editors find no fault in any example") {
  for (const auto& example : std::filesystem::recursive_directory_iterator(
           std::string(PVEPLAN_SOURCE_DIR) + "/examples")) {
    const auto name = example.path().string();
    if (!name.ends_with(".toml") || name.ends_with(".vars.toml") || name.ends_with(".lock.toml"))
      continue;
    INFO(name);
    CHECK(joined(editor_faults(tests::read_text(name))).empty());
  }
}

TEST_CASE("editors accept every form that the language has") {
  const std::vector<std::string> texts = {
      "[variable.n]\ntype = \"integer\"\ndefault = 3\n[vm.a]\ncount = \"${var.n}\"\n"
      "cores = \"${var.n}\"\nmemory = \"2GiB\"\neach.2 = { cores = 4 }\n",
      "[profile.p]\nmemory = \"2GiB\"\nnic.lan.bridge = \"vmbr0\"\n"
      "[vm.a]\nuse = [\"p\"]\nunset = [\"nic.lan.vlan\"]\nfor_each = [\"x\", \"y\"]\n"
      "disk.osd = { count = 2, storage = \"local\", size = \"1.5TiB\" }\nagent = true\n",
      "[vm.a]\nmemory = \"1GiB\"\nagent = { enabled = true }\nmanage = \"observe\"\n"
      "ignore = [\"tags\"]\nafter = [\"record.r\"]\ntimeouts.shutdown = \"1h30m\"\n"
      "cloud_init = { user = \"me\", password = { command = [\"pass\", \"a\"] } }\n"
      "[record.r]\ninput = { any = [1, 2.5, \"x\"] }\n",
      "[bridge.vmbr1]\nnodes = [\"pve1\", \"pve2\"]\ncomment = { pve1 = \"a\", pve2 = \"b\" }\n"
      "each.pve2.mtu = 9000\nvlan_aware = true\n",
      "[vm.b]\nmemory = \"1GiB\"\n[[moved]]\nfrom = \"vm.a\"\nto = \"vm.b\"\n"
      "[[removed]]\naddress = \"vm.c\"\ndestroy = false\n",
  };
  for (const auto& text : texts) {
    INFO(text);
    CHECK(program_accepts(kHead + text));
    CHECK(joined(editor_faults(kHead + text)).empty());
  }
}

TEST_CASE("editors and the program refuse the same slips") {
  const std::vector<std::string> texts = {
      "[vm.a]\ncors = 2\n",
      "[vm.a]\ncores = 0\n",
      "[vm.a]\ncores = \"two\"\n",
      "[vm.a]\nmemory = 2048\n",
      "[vm.a]\nmemory = \"2GB\"\n",
      "[vm.a]\nclone = \"deep\"\ntemplate = \"t\"\n",
      "[vm.a]\ndisk.data = { size = \"1GiB\", sise = 1 }\n",
      "[vm.a]\ndisk = [\"data\"]\n",
      "[vm.a]\ntimeouts.shutdown = \"5 minutes\"\n",
      "[vm.a]\ncloud_init.password = \"open\"\n",
      "[vm.a]\ncloud_init.password = { env = \"A\", file = \"b\" }\n",
      "[vm.\"a b\"]\n",
      "[vm.a]\nid = 100\n",
      "[vmm.a]\n",
      "[pool.p]\ncount = 2\n",
      "[vm.a]\nmax_unavailable = 2\n",
      "[vm.a]\nrestart = \"window\"\n",
      "[vm.a]\ntemplate = \"t\"\nimage = \"i\"\n",
      "[bridge.b]\nnodes = [\"pve1\"]\nmtu = { pve1 = 1 }\n",
      "[ip_pool.p]\nallocate = [\"10.0.0.1\"]\n",
      "[[moved]]\nfrom = \"vm.a\"\n",
  };
  for (const auto& text : texts) {
    INFO(text);
    CHECK_FALSE(program_accepts(kHead + text));
    CHECK_FALSE(editor_faults(kHead + text).empty());
  }
}
