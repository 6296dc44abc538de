#include "tests/support/catch.hpp"
#include "tests/support/topologies.hpp"

using namespace pveplan;
using namespace pveplan::schema;
using tests::TopologyText;

namespace {

const std::string kHead = "[pveplan]\nname = \"t\"\n";

/// What `[record.a] input = …` became.
Value input_of(const Loaded& loaded, const std::string& address = "record.a") {
  REQUIRE(loaded.topology);
  const auto* resource = loaded.topology->find(*parse_address(address));
  REQUIRE(resource != nullptr);
  const auto* input = resource->attributes.find("input");
  return input == nullptr ? Value() : *input;
}

TopologyText with_variable(const std::string& declaration, const std::string& input) {
  return TopologyText(kHead + "[variable.x]\n" + declaration + "\n[record.a]\ninput = " + input +
                      "\n");
}

}  // namespace

TEST_CASE("a value comes from --var, then --vars, then the environment, then the default") {
  const auto text = with_variable("default = \"default\"", "\"${var.x}\"");
  CHECK(input_of(TopologyText(text).load()) == Value::string("default"));
  CHECK(input_of(TopologyText(text).environment("PVEPLAN_VAR_x", "env").load()) ==
        Value::string("env"));
  CHECK(input_of(TopologyText(text)
                     .environment("PVEPLAN_VAR_x", "env")
                     .variable_file("a.vars.toml", "x = \"file\"\n")
                     .load()) == Value::string("file"));
  const auto loaded = TopologyText(text)
                          .environment("PVEPLAN_VAR_x", "env")
                          .variable_file("a.vars.toml", "x = \"file\"\n")
                          .variable("x", "first")
                          .variable("x", "typed")
                          .load();
  CHECK(input_of(loaded) == Value::string("typed"));
  REQUIRE(loaded.topology->variables.size() == 1);
  CHECK(loaded.topology->variables[0].origin == "--var");
}

TEST_CASE("the later of two files wins") {
  const auto loaded = with_variable("type = \"integer\"", "\"${var.x}\"")
                          .variable_file("a.vars.toml", "x = 1\n")
                          .variable_file("b.vars.toml", "x = 2\n")
                          .load();
  CHECK(input_of(loaded) == Value::integer(2));
}

TEST_CASE("a text that is exactly one reference takes the value's type") {
  const auto [declaration, given, json] = GENERATE(table<std::string, std::string, Value>({
      {"type = \"integer\"", "5", Value::integer(5)},
      {"type = \"boolean\"", "true", Value::boolean(true)},
      {"type = \"bool\"", "false", Value::boolean(false)},
      {"type = \"number\"", "1.5", Value::decimal("1.5")},
      {"type = \"number\"", "2", Value::integer(2)},
      {"type = \"map\"", "{ a = 1 }", Value::map({{"a", Value::integer(1)}})},
      {"default = { a = 1 }", "{}", Value::map({})},
      {"default = 1.5", "2.5", Value::decimal("2.5")},
      {"default = 8\none_of = [8, 16]", "16", Value::integer(16)},
      {"type = \"string\"", "5", Value::string("5")},
      {"type = \"list\"", "[\"a\", \"b\"]", Value::list({Value::string("a"), Value::string("b")})},
      {"type = \"list\"", "a,b", Value::list({Value::string("a"), Value::string("b")})},
      {"type = \"list\"", "", Value::list({})},
      {"default = 7", "8", Value::integer(8)},
      {"default = [1]", "[2, 3]", Value::list({Value::integer(2), Value::integer(3)})},
      {"", "${var.x} $${y}", Value::string("${var.x} $${y}")},
  }));
  INFO(declaration << " given " << given);
  CHECK(input_of(with_variable(declaration, "\"${var.x}\"").variable("x", given).load()) == json);
}

TEST_CASE("numbers are held against one_of, min and max, and every value against its type") {
  const auto [declaration, given, told] = GENERATE(table<std::string, std::string, std::string>({
      {"default = 8\none_of = [8, 16]", "12", "\"x\" is 8 or 16, not 12."},
      {"type = \"number\"\nmin = 1", "0.5", "\"x\" is at least 1."},
      {"type = \"number\"\nmax = 1", "1.5", "\"x\" is at most 1."},
      {"type = \"number\"\nmax = 1", "2", "\"x\" is at most 1."},
      {"type = \"number\"", "many", "takes a number"},
      {"type = \"map\"", "a", "takes a table"},
      {"type = \"map\"", "{", "takes a table"},
      {"type = \"list\"\npattern = \"[a-z]+\"", "a,B", "\"B\" is not a text that matches"},
      {"default = \"a\"\none_of = [\"b\"]", "b", "\"x\" is \"b\", not \"a\"."},
  }));
  INFO(declaration << " given " << given);
  const auto messages = with_variable(declaration, "\"${var.x}\"").variable("x", given).messages();
  INFO(messages);
  CHECK(messages.find(told) != std::string::npos);
}

TEST_CASE("a composed text is a string") {
  CHECK(input_of(with_variable("default = 5", "\"vm-${var.x}-${var.x}\"").load()) ==
        Value::string("vm-5-5"));
  CHECK(input_of(with_variable("default = true", "\"is ${var.x}\"").load()) ==
        Value::string("is true"));
}

TEST_CASE("a doubled dollar keeps what follows as text") {
  const auto [written, text] = GENERATE(table<std::string, std::string>({
      {"$${var.x}", "${var.x}"},
      {"a $${b} ${var.x}", "a ${b} v"},
      {"$5 $$ $", "$5 $$ $"},
      {"$$${var.x}", "$${var.x}"},
  }));
  INFO(written);
  CHECK(input_of(with_variable("default = \"v\"", "\"" + written + "\"").load()) ==
        Value::string(text));
}

TEST_CASE("integers go where texts are wanted, and texts of the environment where numbers are") {
  const auto loaded = TopologyText(kHead + R"(
[proxmox]
endpoint = "https://a:8006"
token = { env = "T" }
[variable.number]
default = 7
[vm.a]
name = "${var.number}"
cores = "${env.CORES}"
memory = "${var.number}GiB"
[vm.b]
for_each = ["20"]
nic.lan.vlan = "${each.key}"
onboot = "${env.BOOT}"
)")
                          .environment("CORES", "4")
                          .environment("BOOT", "true")
                          .load();
  REQUIRE(loaded.topology);
  const auto& a = loaded.topology->find(*parse_address("vm.a"))->attributes;
  CHECK(*a.find("name") == Value::string("7"));
  CHECK(*a.find("cores") == Value::integer(4));
  CHECK(*a.find("memory") == Value::integer(std::int64_t{7} << 30));
  const auto& b = loaded.topology->find(*parse_address("vm.b[20]"))->attributes;
  CHECK(*b.find(Path::parse("nic.lan.vlan")) == Value::integer(20));
  CHECK(*b.find("onboot") == Value::boolean(true));
}

TEST_CASE("sensitive values carry their mark into every text that is made of them") {
  const auto loaded = with_variable("sensitive = true\ndefault = \"hunter2\"",
                                    "[\"${var.x}\", \"a-${var.x}\", \"b\"]")
                          .load();
  const auto input = input_of(loaded);
  CHECK(input.as_list()[0].sensitive());
  CHECK(input.as_list()[1].sensitive());
  CHECK_FALSE(input.as_list()[2].sensitive());
  CHECK(loaded.topology->variables[0].value.sensitive());
}

TEST_CASE("no sensitive value occurs in a message") {
  const auto text = TopologyText(kHead + R"(
[proxmox]
endpoint = "https://a:8006"
token = { env = "T" }
[variable.x]
sensitive = true
[vm.a]
cores = "${var.x}"
name = "${var.x}"
tags = ["a ${var.x}"]
memory = "${var.x}"
bios = "${var.x}"
nic.lan = { bridge = "${var.x}", mac = "${var.x}", ip = "${var.x}" }
template = "${var.x}"
[record.b]
for_each = ["${var.x}"]
)")
                        .variable("x", "hunter2!")
                        .messages();
  CHECK(text.find("does not fit") != std::string::npos);
  CHECK(text.find("hunter2") == std::string::npos);
}

TEST_CASE("a variable that is wrong makes no second error where it is used") {
  const auto loaded =
      with_variable("type = \"integer\"", "\"${var.x} ${var.x}\"").variable("x", "many").load();
  CHECK_FALSE(loaded.topology);
  CHECK(loaded.diagnostics.error_count() == 1);
}

TEST_CASE("values of variables are never interpolated again") {
  CHECK(input_of(with_variable("default = \"${env.HOME}\"", "\"${var.x}\"").load()) ==
        Value::string("${env.HOME}"));
}
