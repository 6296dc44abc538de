#include "schema/json.hpp"
#include "tests/lab/shared_folder.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/topologies.hpp"

#include <algorithm>
#include <set>

using namespace pveplan;
using namespace pveplan::schema;

namespace {

/// The parameters of the call that makes an object of a type, as the server's own schema has them.
Value parameters(const Value& api, const std::string& path) {
  const auto* found = api.find("paths")->find(path);
  REQUIRE(found != nullptr);
  return *found->find(Path({"POST", "parameters", "properties"}));
}

Value load_json(const std::string& path) {
  const auto value = parse_json(lab::testing::read_text(path));
  REQUIRE(value);
  return *value;
}

std::optional<std::int64_t> number_at(const Value& parameter, const char* name) {
  const auto* value = parameter.find(name);
  if (value == nullptr || value->kind() != Value::Kind::integer) return std::nullopt;
  return value->as_integer();
}

/// The server counts memory in MiB, we count bytes.
std::int64_t in_units_of_server(std::int64_t number, const AttributeSchema& attribute) {
  return attribute.wire.encoding == Wire::Encoding::mebibytes ? number >> 20 : number;
}

/// Holds one attribute against one parameter: our ranges and values lie within the server's.
void compare(const AttributeSchema& attribute, const Value& parameter) {
  const auto least = number_at(parameter, "minimum");
  if (least && attribute.minimum)
    CHECK(in_units_of_server(*attribute.minimum, attribute) >= *least);
  const auto most = number_at(parameter, "maximum");
  if (most && attribute.maximum) CHECK(in_units_of_server(*attribute.maximum, attribute) <= *most);
  const auto longest = number_at(parameter, "maxLength");
  if (longest && attribute.max_length) {
    CHECK(static_cast<std::int64_t>(*attribute.max_length) <= *longest);
  }
  const auto* values = parameter.find("enum");
  if (values == nullptr || values->kind() != Value::Kind::list) return;
  std::set<std::string> known;
  for (const auto& value : values->as_list()) {
    if (value.is_string()) known.insert(value.as_string());
  }
  if (attribute.type.kind == Type::Kind::string && attribute.name != "content") {
    for (const auto& value : attribute.one_of) {
      INFO(value.name);
      CHECK(known.contains(value.name));
    }
  }
}

/// Every attribute with an option has a parameter, also inside of objects.
void check_options(const ObjectSchema& object, const Value& properties) {
  for (const auto& attribute : object.attributes) {
    if (attribute.type.object && attribute.type.kind == Type::Kind::object) {
      check_options(*attribute.type.object, properties);
    }
    if (attribute.wire.option.empty()) continue;
    INFO("option " << attribute.wire.option);
    const auto* parameter = properties.find(attribute.wire.option);
    REQUIRE(parameter != nullptr);
    compare(attribute, *parameter);
  }
}

/// Every key of a property string is one that the server's format knows.
void check_keys(const ObjectSchema& object, const Value& keys,
                const std::set<std::string>& others) {
  for (const auto& attribute : object.attributes) {
    const auto& key = attribute.wire.property_key;
    if (key.empty() || others.contains(key)) continue;
    INFO("key " << key);
    const auto* parameter = keys.find(key);
    REQUIRE(parameter != nullptr);
    compare(attribute, *parameter);
  }
}

const ResourceSchema& schema_of(const std::string& type) {
  return *tests::all_schemas().find(type);
}

const ObjectSchema& part_of(const std::string& type, const std::string& part) {
  return *schema_of(type).find(part)->type.object;
}

}  // namespace

TEST_CASE("schemas stay within what the server's schema allows") {
  const auto shared = lab::testing::shared_folder();
  if (!shared) {
    WARN("skipped: no schemas (set PVEPLAN_SHARED)");
    return;
  }
  for (const char* version : {"8", "9"}) {
    INFO("version " << version);
    const auto api = load_json(*shared + "/pve/schema-" + version + ".json");
    const auto qemu = parameters(api, "/nodes/{node}/qemu");
    check_options(schema_of("vm").object, qemu);
    check_options(schema_of("template").object, qemu);
    check_options(schema_of("pool").object, parameters(api, "/pools"));
    check_options(schema_of("bridge").object, parameters(api, "/nodes/{node}/network"));
    check_options(schema_of("image").object,
                  parameters(api, "/nodes/{node}/storage/{storage}/download-url")
                      .with(Path({"storage"}), Value::map({})));
  }
}

TEST_CASE("keys of property strings are ones that the server knows") {
  const auto shared = lab::testing::shared_folder();
  if (!shared) {
    WARN("skipped: no formats (set PVEPLAN_SHARED)");
    return;
  }
  const auto formats = *load_json(*shared + "/pve/formats.json").find("formats");
  const auto keys = [&formats](const char* name) { return *formats.find(name)->find("keys"); };
  check_keys(part_of("vm", "disk"), keys("qemu.scsiN"), {"import-from"});
  check_keys(part_of("vm", "nic"), keys("qemu.netN"), {"ip", "gw", "ip6", "gw6"});
  check_keys(part_of("vm", "nic"), keys("qemu.ipconfigN"),
             {"bridge", "tag", "model", "macaddr", "mtu", "firewall"});
  const auto& agent = schema_of("vm").find("agent")->type.alternatives[1];
  check_keys(*agent.object, keys("qemu.agent"), {"freeze-fs-on-backup"});
}
