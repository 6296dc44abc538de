#include "lab/core/form.hpp"

#include "tests/support/catch.hpp"

using namespace pveplan::lab;

TEST_CASE("a form pair is split at every equals sign and keeps two pieces", "[lab]") {
  const Parameters form(decode_form("net0=virtio,bridge=vmbr0"));
  CHECK(form.text("net0") == "virtio,bridge");
}

TEST_CASE("form pairs end at ampersands and semicolons", "[lab]") {
  const Parameters form(decode_form("boot=order%3Dscsi0;net0&name=a+b%20c"));
  CHECK(form.text("boot") == "order=scsi0");
  CHECK_FALSE(form.has("net0"));
  CHECK(form.all().contains("net0"));
  CHECK(form.text("name") == "a b c");
}

TEST_CASE("a repeated key becomes a list", "[lab]") {
  const Parameters form(decode_form("command=ls&command=-l"));
  CHECK(form.list("command") == std::vector<std::string>{"ls", "-l"});
}

TEST_CASE("a JSON fault is told with the server's offset", "[lab]") {
  CHECK(json_complaint(R"({"a":[1,true,null,"x\"y"],"b":{}})").empty());
  CHECK(json_complaint(R"({"description":)") ==
        "malformed JSON string, neither tag, array, object, number, string or atom, at character "
        "offset 15 (before \"(end of string)\")");
  CHECK(json_complaint("[1 2]") ==
        ", or ] expected while parsing array, at character offset 3 (before \"2]\")");
}
