#include "lab/core/validate.hpp"

#include "lab/core/text.hpp"
#include "tests/support/catch.hpp"

using namespace pveplan::lab;
using pveplan::schema::Value;

namespace {

std::vector<Parameter> rules() {
  return {guest_id(),
          integer("cores").between(1, 128).optional(),
          flag("onboot").optional(),
          text("name").of_format("dns-name").up_to(8).optional(),
          text("bios").one_of({"seabios", "ovmf"}).optional(),
          text("delete").of_format("pve-configid-list").optional(),
          text("address").with("netmask").optional(),
          text("netmask").optional()};
}

/// The faults of one set of form values, as "name: text".
std::string faults(std::map<std::string, std::string> form, int major = 9) {
  Parameters given;
  for (const auto& [name, value] : form) given.set(name, Value::string(value));
  const auto known = rules();
  shape_parameters(known, given);
  std::vector<std::string> lines;
  for (const auto& [name, problem] : check_parameters(known, given, {major})) {
    lines.push_back(name + ": " + problem);
  }
  return join(lines, "\n");
}

}  // namespace

TEST_CASE("each parameter fault has the server's text", "[lab]") {
  CHECK(faults({{"vmid", "100"}}).empty());
  CHECK(faults({}) == "vmid: property is missing and it is not optional");
  CHECK(faults({{"vmid", "99"}}) ==
        "vmid: invalid format - value does not look like a valid VM ID\n");
  CHECK(faults({{"vmid", "100"}, {"cores", "x"}}) ==
        "cores: type check ('integer') failed - got 'x'");
  CHECK(faults({{"vmid", "100"}, {"cores", "0"}}) == "cores: value must have a minimum value of 1");
  CHECK(faults({{"vmid", "100"}, {"cores", "129"}}) ==
        "cores: value must have a maximum value of 128");
  CHECK(faults({{"vmid", "100"}, {"onboot", "yes"}}) ==
        "onboot: type check ('boolean') failed - got 'yes'");
  CHECK(faults({{"vmid", "100"}, {"name", "much-too-long"}}) ==
        "name: value may only be 8 characters long");
  CHECK(faults({{"vmid", "100"}, {"bios", "uefi"}}) ==
        "bios: value 'uefi' does not have a value in the enumeration 'seabios, ovmf'");
  CHECK(faults({{"vmid", "100"}, {"nosuch", "1"}}) ==
        "nosuch: property is not defined in schema and the schema does not allow additional "
        "properties");
}

TEST_CASE("all faulty parameters are reported at once", "[lab]") {
  CHECK(faults({{"cores", "x"}, {"onboot", "2"}}) ==
        "cores: type check ('integer') failed - got 'x'\n"
        "onboot: type check ('boolean') failed - got '2'\n"
        "vmid: property is missing and it is not optional");
}

TEST_CASE("the text for a missing companion differs between the versions", "[lab]") {
  CHECK(faults({{"vmid", "100"}, {"address", "10.0.0.1"}}, 8) ==
        "netmask: missing property - 'address' requires this property");
  CHECK(faults({{"vmid", "100"}, {"address", "10.0.0.1"}}, 9) ==
        "netmask: missing property required by 'address'");
}

TEST_CASE("a list parameter takes an array, other texts refuse it", "[lab]") {
  const auto known = rules();
  Parameters given;
  given.set("vmid", Value::integer(100));
  given.set("delete", Value::list({Value::string("name"), Value::string("bios")}));
  given.set("name", Value::list({Value::string("a")}));
  shape_parameters(known, given);
  const Faults found = check_parameters(known, given, {9});
  CHECK(given.text("delete") == "name,bios");
  REQUIRE(found.size() == 1);
  CHECK(found.at("name") == "type check ('string') failed - got ARRAY");
}

TEST_CASE("a property string reports the faults of its keys below its own name", "[lab]") {
  const PropertyFormat format{
      {text("model").one_of({"virtio", "e1000"}), integer("tag").between(1, 4094).optional(),
       flag("firewall").optional()},
      "model"};
  const auto good = parse_property_string(format, "virtio,firewall=on,tag=5", "net0", {9});
  REQUIRE(good.has_value());
  CHECK(*good ==
        std::map<std::string, std::string>{{"firewall", "1"}, {"model", "virtio"}, {"tag", "5"}});
  const auto bad = parse_property_string(format, "tag=5000,foo=1", "net0", {9});
  REQUIRE_FALSE(bad.has_value());
  CHECK(bad.error().message ==
        "format error\n"
        "net0.foo: property is not defined in schema and the schema does not allow additional "
        "properties\n"
        "net0.model: property is missing and it is not optional\n"
        "net0.tag: value must have a maximum value of 4094\n");
}
