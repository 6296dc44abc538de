// The lab's table of calls against the official schema of the API.

#include "lab/core/api_table.hpp"
#include "lab/core/formats.hpp"
#include "lab/core/text.hpp"
#include "schema/json.hpp"
#include "tests/lab/shared_folder.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

#include <set>

using namespace pveplan::lab;
using pveplan::schema::Path;
using pveplan::schema::Value;

namespace {

/// What the recordings show and the schema, being older, does not have.
const std::set<std::string> kNewerThanSchema{
    "9 PUT /access/users/{userid}/token/{tokenid} regenerate",
    "9 PUT /cluster/options location",
};

/// Keys of property strings that are newer as well.
const std::set<std::string> kNewerKeys{"host-tunnel"};

/// The root of the API has no entry in the schema; the other one is newer than it.
const std::set<std::string> kOutsideOfSchema{"/", "/nodes/{node}/storage/{storage}/identity"};

std::string text_of(const Value* value) {
  if (value == nullptr) return {};
  if (value->is_string()) return value->as_string();
  return to_json(*value);
}

std::string number_text(const std::optional<std::int64_t>& number) {
  return number ? std::to_string(*number) : std::string{};
}

std::string type_text(Parameter::Kind kind) {
  switch (kind) {
    case Parameter::Kind::string:
      return "string";
    case Parameter::Kind::integer:
      return "integer";
    case Parameter::Kind::number:
      return "number";
    case Parameter::Kind::boolean:
      return "boolean";
    case Parameter::Kind::array:
      return "array";
    case Parameter::Kind::object:
      return "object";
  }
  return {};
}

Value names(const std::vector<std::string>& list) {
  Value::List values;
  for (const std::string& name : list) values.push_back(Value::string(name));
  return Value::list(std::move(values));
}

/// A permission rule in the notation of the schema.
Value rule_value(const Permission& rule) {
  const auto word = [](const char* text) { return Value::string(text); };
  switch (rule.kind) {
    case Permission::Kind::root_only:
      return {};
    case Permission::Kind::world:
      return Value::map({{"user", word("world")}});
    case Permission::Kind::everyone:
      return Value::map({{"user", word("all")}});
    case Permission::Kind::privileges: {
      Value::List list{word("perm"), Value::string(rule.path), names(rule.privileges)};
      if (rule.any) list.insert(list.end(), {word("any"), Value::integer(1)});
      if (!rule.require.empty()) {
        list.insert(list.end(), {word("require_param"), Value::string(rule.require)});
      }
      return Value::list(std::move(list));
    }
    case Permission::Kind::all_of:
    case Permission::Kind::any_of: {
      Value::List list{word(rule.kind == Permission::Kind::all_of ? "and" : "or")};
      for (const Permission& part : rule.parts) list.push_back(rule_value(part));
      return Value::list(std::move(list));
    }
    case Permission::Kind::own_user:
      return Value::list({word("userid-param"), word("self")});
    case Permission::Kind::user_realm:
      return Value::list({word("userid-param"), word("Realm.AllocateUser")});
    case Permission::Kind::user_groups: {
      Value::List list{word("userid-group"), names(rule.privileges)};
      if (!rule.groups_parameter.empty()) {
        list.insert(list.end(), {word("groups_param"), Value::string(rule.groups_parameter)});
      }
      return Value::list(std::move(list));
    }
    case Permission::Kind::modify_acl:
      return Value::list({word("perm-modify"), word("{path}")});
  }
  return {};
}

class SchemaCheck {
 public:
  SchemaCheck(int major, const Value& paths) : major_(major), paths_(paths) {}

  void run() {
    for (const Endpoint& endpoint : api_table(major_).endpoints()) {
      if (!kOutsideOfSchema.contains(endpoint.path)) check(endpoint);
    }
  }
  const std::vector<std::string>& faults() const { return faults_; }

 private:
  void expect(const std::string& where, const char* what, const std::string& ours,
              const std::string& theirs) {
    if (ours != theirs)
      faults_.push_back(fmt::format("{} {}: lab '{}', schema '{}'", where, what, ours, theirs));
  }

  static std::string flag_text(const Value* value) {
    return value != nullptr && text_of(value) != "0" ? "1" : "0";
  }

  void check(const Endpoint& endpoint) {
    const std::string where =
        fmt::format("{} {} {}", major_, method_name(endpoint.method), endpoint.path);
    const Value* path = paths_.find(endpoint.path);
    const Value* call = path == nullptr ? nullptr : path->find(method_name(endpoint.method));
    if (call == nullptr) {
      faults_.push_back(where + ": no such call in the schema");
      return;
    }
    expect(where, "protected", endpoint.runs_as_root ? "1" : "0",
           flag_text(call->find("protected")));
    expect(where, "proxyto", endpoint.proxy_to, text_of(call->find("proxyto")));
    expect(where, "allowtoken", endpoint.tokens_allowed ? "1" : "0",
           flag_text(call->find("allowtoken")));
    check_permission_rule(where, endpoint.permission, call->find("permissions"));
    check_parameters_of(where, endpoint, call->find(Path({"parameters", "properties"})));
  }

  void check_permission_rule(const std::string& where, const Permission& rule,
                             const Value* theirs) {
    const Value ours = rule_value(rule);
    // Where both stand, the real one looks at the user first.
    const Value* user = theirs == nullptr ? nullptr : theirs->find("user");
    if (user != nullptr)
      return expect(where, "user", text_of(ours.find("user")), user->as_string());
    const Value* check = theirs == nullptr ? nullptr : theirs->find("check");
    expect(where, "permission", to_json(ours), check == nullptr ? "null" : to_json(*check));
  }

  void check_parameters_of(const std::string& where, const Endpoint& endpoint,
                           const Value* theirs) {
    std::set<std::string> known;
    for (const Parameter& parameter : endpoint.parameters) {
      known.insert(parameter.name);
      if (kNewerThanSchema.contains(where + " " + parameter.name)) continue;
      const Value* schema = theirs == nullptr ? nullptr : theirs->find(parameter.name);
      if (schema == nullptr) {
        faults_.push_back(where + ": the schema has no parameter " + parameter.name);
      } else {
        check_parameter(where + " " + parameter.name, parameter, *schema);
      }
    }
    if (theirs == nullptr) return;
    for (const auto& [name, unused] : theirs->as_fields()) {
      if (!known.contains(name)) faults_.push_back(where + ": the lab lacks the parameter " + name);
    }
  }

  void check_parameter(const std::string& where, const Parameter& ours, const Value& theirs) {
    expect(where, "type", type_text(ours.kind), text_of(theirs.find("type")));
    expect(where, "optional", ours.is_optional ? "1" : "0", flag_text(theirs.find("optional")));
    expect(where, "minimum", number_text(ours.minimum), text_of(theirs.find("minimum")));
    expect(where, "maximum", number_text(ours.maximum), text_of(theirs.find("maximum")));
    expect(where, "minLength", number_text(ours.min_length), text_of(theirs.find("minLength")));
    expect(where, "maxLength", number_text(ours.max_length), text_of(theirs.find("maxLength")));
    expect(where, "requires", ours.needs, text_of(theirs.find("requires")));
    expect(where, "pattern", ours.pattern.empty() ? "no" : "yes",
           theirs.find("pattern") == nullptr ? "no" : "yes");
    const Value* values = theirs.find("enum");
    expect(where, "enum", to_json(names(ours.values)),
           values == nullptr || values->is_null() ? "[]" : to_json(*values));
    check_format_of(where, ours, theirs.find("format"));
  }

  void check_format_of(const std::string& where, const Parameter& ours, const Value* theirs) {
    if (theirs == nullptr || !theirs->has_fields()) {
      const bool nameless = ours.properties != nullptr && ours.format.empty();
      return expect(where, "format", nameless ? "keys" : ours.format, text_of(theirs));
    }
    if (ours.properties == nullptr) {
      faults_.push_back(where + ": the schema has keys of a property string");
      return;
    }
    std::size_t newer = 0;
    for (const Parameter& key : ours.properties->keys) {
      if (kNewerKeys.contains(key.name)) {
        ++newer;
        continue;
      }
      const Value* schema = theirs->find(key.name);
      if (schema == nullptr) {
        faults_.push_back(where + ": the schema has no key " + key.name);
      } else if (key.alias.empty()) {
        check_parameter(where + "." + key.name, key, *schema);
      }
    }
    expect(where, "number of keys", std::to_string(ours.properties->keys.size() - newer),
           std::to_string(theirs->as_fields().size()));
  }

  using Number = std::optional<std::size_t>;
  static std::string number_text(const Number& number) {
    return number ? std::to_string(*number) : std::string{};
  }
  static std::string number_text(const std::optional<std::int64_t>& number) {
    return ::number_text(number);
  }

  int major_;
  const Value& paths_;
  std::vector<std::string> faults_;
};

}  // namespace

TEST_CASE("every call of the lab has the parameters and rules of the official schema", "[lab]") {
  const auto shared = pveplan::lab::testing::shared_folder();
  if (!shared) {
    WARN("skipped: no schemas (set PVEPLAN_SHARED)");
    return;
  }
  for (const int major : {8, 9}) {
    const auto schema = pveplan::schema::parse_json(
        pveplan::lab::testing::read_text(fmt::format("{}/pve/schema-{}.json", *shared, major)));
    REQUIRE(schema.has_value());
    SchemaCheck check(major, *schema->find("paths"));
    check.run();
    INFO(join(check.faults(), "\n"));
    CHECK(check.faults().empty());
  }
}

TEST_CASE("the lab knows every named format that its calls use", "[lab]") {
  for (const int major : {8, 9}) {
    for (const Endpoint& endpoint : api_table(major).endpoints()) {
      for (const Parameter& parameter : endpoint.parameters) {
        INFO(endpoint.path << " " << parameter.name << " " << parameter.format);
        const bool known = parameter.properties != nullptr || knows_format(parameter.format);
        CHECK((parameter.format.empty() || known));
      }
    }
  }
}
