#include "model/row_codec.hpp"

namespace pveplan::model {
namespace {

using schema::Value;

void put(Value::Fields& fields, const char* name, const Value& value) {
  if (!value.is_null()) fields.emplace_back(name, value);
}
void put(Value::Fields& fields, const char* name, const std::string& text) {
  if (!text.empty()) fields.emplace_back(name, Value::string(text));
}

Value get(const Value& value, const char* name) {
  const Value* found = value.find(name);
  return found != nullptr ? *found : Value();
}
std::string get_text(const Value& value, const char* name) {
  const Value* found = value.find(name);
  return found != nullptr && found->is_string() ? found->as_string() : std::string();
}
std::int64_t get_integer(const Value& value, const char* name, std::int64_t otherwise) {
  const Value* found = value.find(name);
  return found != nullptr && found->kind() == Value::Kind::integer ? found->as_integer()
                                                                   : otherwise;
}

schema::Diagnostic malformed(const char* what) {
  return schema::error("Damaged state",
                       std::string("A record of the state has no valid ") + what + ".");
}

Value part_to_value(const PartRow& part) {
  Value::Fields fields;
  put(fields, "identity", part.identity);
  put(fields, "owned", part.owned);
  if (part.kept) fields.emplace_back("kept", Value::boolean(true));
  return Value::map(std::move(fields));
}

PartRow part_from(const Value& value) {
  PartRow part;
  part.identity = get(value, "identity");
  part.owned = get(value, "owned");
  part.kept = value.find("kept") != nullptr;
  return part;
}

}  // namespace

Value to_value(const Row& row) {
  Value::Fields fields;
  put(fields, "address", row.address.text());
  fields.emplace_back("schema_version", Value::integer(row.schema_version));
  if (row.status == RowStatus::incomplete)
    fields.emplace_back("status", Value::string("incomplete"));
  put(fields, "identity", row.identity);
  put(fields, "owned", row.owned);
  put(fields, "exported", row.exported);
  if (!row.parts.empty()) {
    Value::Fields parts;
    for (const auto& [name, part] : row.parts) parts.emplace_back(name, part_to_value(part));
    fields.emplace_back("parts", Value::map(std::move(parts)));
  }
  if (!row.dependencies.empty()) {
    Value::List list;
    for (const auto& target : row.dependencies) list.push_back(Value::string(target.text()));
    fields.emplace_back("dependencies", Value::list(std::move(list)));
  }
  put(fields, "nonce", row.nonce);
  put(fields, "fingerprint", row.fingerprint);
  put(fields, "notes", row.notes);
  return Value::map(std::move(fields));
}

schema::Result<Row> row_from(const Value& value) {
  Row row;
  const auto address = schema::parse_address(get_text(value, "address"));
  if (!address) return std::unexpected(malformed("address"));
  row.address = *address;
  row.schema_version = static_cast<int>(get_integer(value, "schema_version", 1));
  row.status = get_text(value, "status") == "incomplete" ? RowStatus::incomplete : RowStatus::ok;
  row.identity = get(value, "identity");
  row.owned = get(value, "owned");
  row.exported = get(value, "exported");
  if (const Value* parts = value.find("parts"); parts != nullptr) {
    if (!parts->has_fields()) return std::unexpected(malformed("parts"));
    for (const auto& [name, part] : parts->as_fields()) row.parts.emplace(name, part_from(part));
  }
  if (const Value* list = value.find("dependencies"); list != nullptr) {
    if (list->kind() != Value::Kind::list) return std::unexpected(malformed("dependencies"));
    for (const auto& item : list->as_list()) {
      const auto target = item.is_string() ? schema::parse_address(item.as_string()) : std::nullopt;
      if (!target) return std::unexpected(malformed("dependency"));
      row.dependencies.push_back(*target);
    }
  }
  row.nonce = get_text(value, "nonce");
  row.fingerprint = get_text(value, "fingerprint");
  row.notes = get(value, "notes");
  return row;
}

Value to_value(const Intent& intent) {
  Value::Fields fields;
  fields.emplace_back("id", Value::integer(static_cast<std::int64_t>(intent.id)));
  put(fields, "address", intent.address.text());
  put(fields, "operation", intent.operation);
  put(fields, "arguments", intent.arguments);
  put(fields, "nonce", intent.nonce);
  put(fields, "server_time", intent.server_time);
  put(fields, "upid", intent.upid);
  return Value::map(std::move(fields));
}

schema::Result<Intent> intent_from(const Value& value) {
  Intent intent;
  intent.id = static_cast<std::uint64_t>(get_integer(value, "id", 0));
  const auto address = schema::parse_address(get_text(value, "address"));
  if (!address || intent.id == 0) return std::unexpected(malformed("intent"));
  intent.address = *address;
  intent.operation = get_text(value, "operation");
  intent.arguments = get(value, "arguments");
  intent.nonce = get_text(value, "nonce");
  intent.server_time = get_text(value, "server_time");
  intent.upid = get_text(value, "upid");
  return intent;
}

}  // namespace pveplan::model
