#include "schema/load.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/topologies.hpp"

using namespace pveplan;
using namespace pveplan::schema;

TEST_CASE("every registered schema is free of faults") {
  for (const auto& [type, schema] : tests::all_schemas().all()) {
    const auto faults = check_schema(*schema);
    INFO(type);
    CHECK(faults == std::vector<std::string>{});
  }
}

namespace {

ResourceSchema with(const AttributeBuilder& attribute) {
  ResourceSchema schema;
  schema.type = "thing";
  schema.doc = "A thing.";
  schema.object = ObjectBuilder().add(attribute).build();
  return schema;
}

std::string only_fault(const AttributeBuilder& attribute) {
  const auto faults = check_schema(with(attribute));
  return faults.size() == 1 ? faults.front() : std::to_string(faults.size()) + " faults";
}

}  // namespace

TEST_CASE("a faultless attribute is accepted") {
  CHECK(check_schema(with(attr("size", integer()).range(1, 9).doc("How large."))).empty());
}

TEST_CASE("faults of an attribute are named") {
  CHECK(only_fault(attr("a", string())) == "thing.a has no doc text that is a sentence.");
  CHECK(only_fault(attr("a b", string()).doc("A.")) == "thing.a b is no name.");
  CHECK(only_fault(attr("a", string()).required().default_ours(Value::string("x")).doc("A.")) ==
        "thing.a is required and has a default.");
  CHECK(only_fault(attr("a", string()).sensitive().identity().doc("A.")) ==
        "thing.a is sensitive and identity.");
  CHECK(only_fault(attr("a", string()).range(1, 2).doc("A.")) ==
        "thing.a has a range without being a number.");
  CHECK(only_fault(attr("a", integer()).values({"x"}).doc("A.")) ==
        "thing.a constrains a text without being one.");
  CHECK(only_fault(attr("a", string()).matches("(", "x").doc("A.")) ==
        "thing.a has a pattern that does not compile.");
  CHECK(only_fault(attr("a", string()).values({"x", "x"}).doc("A.")) ==
        "thing.a lists a value twice.");
  CHECK(only_fault(attr("a", integer()).range(1, 2).default_ours(Value::integer(3)).doc("A.")) ==
        "thing.a has a default that it would refuse.");
  CHECK(only_fault(attr("count", integer()).doc("A.")) ==
        "thing takes a word of the language as an attribute.");
  CHECK(only_fault(attr("a", string()).chosen(Choice::none).doc("A.")) ==
        "thing.a is chosen without saying how.");
}

TEST_CASE("faults of constraints and parts are named") {
  auto schema = with(attr("a", string()).doc("A."));
  schema.object.constraints.push_back({CrossConstraint::Kind::at_most_one_of, {"a", "b"}, {}});
  CHECK(check_schema(schema) ==
        std::vector<std::string>{"thing has a constraint over an unknown attribute."});
  const auto inner = ObjectBuilder().add(attr("count", integer()).doc("A.")).build();
  CHECK(only_fault(attr("disk", keyed_part(inner)).doc("Disks.")) ==
        "thing.disk has a part with an attribute `count`.");
}
