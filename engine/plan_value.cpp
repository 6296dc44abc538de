#include "engine/plan_value.hpp"

#include "schema/json.hpp"
#include "schema/value_walk.hpp"

namespace pveplan::engine {

using schema::Reference;
using schema::Value;

namespace {

constexpr const char* kUnknown = "$unknown";
constexpr const char* kReference = "$reference";
constexpr const char* kDecimal = "$decimal";
constexpr const char* kSecret = "$secret";
constexpr const char* kDigest = "$hmac";
constexpr const char* kMap = "$map";

Value tagged(const char* tag, Value content) { return Value::map({{tag, std::move(content)}}); }

Value text_items(const std::vector<std::string>& texts) {
  Value::List items;
  for (const auto& text : texts) items.push_back(Value::string(text));
  return Value::list(std::move(items));
}

Value reference_form(const Reference& reference) {
  Value::List parts;
  for (const auto& part : reference.parts) {
    Value::Fields fields;
    if (!part.literal.empty()) fields.emplace_back("literal", Value::string(part.literal));
    if (part.target) fields.emplace_back("target", Value::string(part.target->text()));
    if (part.all_instances) fields.emplace_back("all", Value::boolean(true));
    if (!part.attribute.empty()) fields.emplace_back("path", text_items(part.attribute.steps()));
    parts.push_back(Value::map(std::move(fields)));
  }
  return Value::list(std::move(parts));
}

Value plain_form(const Value& value, const SecretDigest* digest);

Value fields_form(const Value& value, const SecretDigest* digest) {
  Value::Fields fields;
  bool escaped = false;
  fields.reserve(value.as_fields().size());
  for (const auto& [name, inner] : value.as_fields()) {
    escaped = escaped || name.starts_with('$');
    fields.emplace_back(name, plain_form(inner, digest));
  }
  auto map = Value::map(std::move(fields));
  return escaped ? tagged(kMap, std::move(map)) : map;
}

/// Without a digest everything is written as it is: that is what a digest is made from.
Value plain_form(const Value& value, const SecretDigest* digest) {
  if (digest != nullptr && value.sensitive()) {
    if (const Value* known = digest_of_secret(value)) return tagged(kDigest, *known);
    return tagged(kSecret, Value::string(digest_of(value, *digest)));
  }
  switch (value.kind()) {
    case Value::Kind::unknown:
      return tagged(kUnknown, Value::boolean(true));
    case Value::Kind::reference:
      return tagged(kReference, reference_form(value.as_reference()));
    case Value::Kind::decimal:
      return tagged(kDecimal, Value::string(value.as_decimal()));
    case Value::Kind::list: {
      Value::List items;
      items.reserve(value.as_list().size());
      for (const auto& item : value.as_list()) items.push_back(plain_form(item, digest));
      return Value::list(std::move(items));
    }
    case Value::Kind::map:
    case Value::Kind::object:
      return fields_form(value, digest);
    case Value::Kind::null:
    case Value::Kind::boolean:
    case Value::Kind::integer:
    case Value::Kind::string:
      break;
  }
  return value;
}

/// Reads the form back; the first fault makes all of it void.
class ValueReader {
 public:
  ValueReader(const SecretsByDigest& secrets, std::vector<std::string>& missing)
      : secrets_(secrets), missing_(missing) {}

  Value read(const Value& value) {
    if (value.kind() == Value::Kind::list) {
      Value::List items;
      items.reserve(value.as_list().size());
      for (const auto& item : value.as_list()) items.push_back(read(item));
      return Value::list(std::move(items));
    }
    if (!value.has_fields()) return value;
    const auto& fields = value.as_fields();
    if (fields.empty() || !fields.front().first.starts_with('$')) return read_fields(value);
    if (fields.size() != 1) return wrong();
    const auto& [tag, content] = fields.front();
    if (tag == kMap && content.has_fields()) return read_fields(content);
    if (tag == kUnknown) return Value::unknown();
    if (tag == kReference && content.kind() == Value::Kind::list) return read_reference(content);
    if (tag == kDecimal && content.is_string()) return Value::decimal(content.as_string());
    if (tag == kDigest && content.is_string())
      return Value::map({{"hmac", content}}).as_sensitive();
    if (tag == kSecret && content.is_string()) return read_secret(content.as_string());
    return wrong();
  }

  bool ok() const { return ok_; }

 private:
  Value wrong() {
    ok_ = false;
    return {};
  }

  Value read_fields(const Value& value) {
    Value::Fields fields;
    fields.reserve(value.as_fields().size());
    for (const auto& [name, inner] : value.as_fields()) fields.emplace_back(name, read(inner));
    return Value::map(std::move(fields));
  }

  Value read_secret(const std::string& digest) {
    const auto at = secrets_.find(digest);
    if (at != secrets_.end()) return at->second;
    missing_.push_back(digest);
    return Value::string("").as_sensitive();
  }

  Value read_reference(const Value& list) {
    Reference reference;
    for (const auto& item : list.as_list()) {
      Reference::Part part;
      const Value* literal = item.find("literal");
      if (literal != nullptr && literal->is_string()) part.literal = literal->as_string();
      if (const Value* target = item.find("target")) {
        part.target =
            target->is_string() ? schema::parse_address(target->as_string()) : std::nullopt;
        if (!part.target) return wrong();
      }
      part.all_instances = item.find("all") != nullptr;
      if (const Value* path = item.find("path")) {
        auto steps = read_steps(*path);
        if (!steps) return wrong();
        part.attribute = schema::Path(std::move(*steps));
      }
      reference.parts.push_back(std::move(part));
    }
    if (reference.parts.empty()) return wrong();
    return Value::reference(std::move(reference));
  }

  static std::optional<std::vector<std::string>> read_steps(const Value& path) {
    if (path.kind() != Value::Kind::list) return std::nullopt;
    std::vector<std::string> steps;
    for (const auto& step : path.as_list()) {
      if (!step.is_string()) return std::nullopt;
      steps.push_back(step.as_string());
    }
    return steps;
  }

  const SecretsByDigest& secrets_;
  std::vector<std::string>& missing_;
  bool ok_ = true;
};

}  // namespace

const Value* digest_of_secret(const Value& value) {
  if (!value.has_fields() || value.as_fields().size() != 1) return nullptr;
  const Value* digest = value.find("hmac");
  return digest != nullptr && digest->is_string() ? digest : nullptr;
}

bool lacks_secret(const Value& value) {
  return schema::any_inside(value, [](const Value& each) {
    return digest_of_secret(each) != nullptr || each.find("redacted") != nullptr;
  });
}

std::string digest_of(const Value& secret, const SecretDigest& digest) {
  return digest(schema::to_json(plain_form(secret, nullptr)));
}

Value to_plan_value(const Value& value, const SecretDigest& digest) {
  return plain_form(value, &digest);
}

std::optional<Value> from_plan_value(const Value& value, const SecretsByDigest& secrets,
                                     std::vector<std::string>& missing) {
  ValueReader reader(secrets, missing);
  auto result = reader.read(value);
  if (!reader.ok()) return std::nullopt;
  return result;
}

void collect_secrets(const Value& value, const SecretDigest& digest, SecretsByDigest& secrets) {
  schema::for_each_inside(value, [&](const Value& each) {
    if (each.sensitive()) secrets.emplace(digest_of(each, digest), each);
  });
}

}  // namespace pveplan::engine
