#include "providers/core/resources/record/record.hpp"

namespace pveplan::core {

using schema::Value;

model::Identity RecordType::identity(const schema::ResourceAddress&, const Value& desired) const {
  const Value* id = desired.find("id");
  return id != nullptr ? Value::map({{"id", *id}}) : Value();
}

Value RecordType::exports(const schema::ResourceAddress&, const Value& after,
                          const model::Identity& identity) const {
  const Value* id = identity.find("id");
  const Value* input = after.find("input");
  return Value::map(
      {{"id", id != nullptr ? *id : Value()}, {"output", input != nullptr ? *input : Value()}});
}

}  // namespace pveplan::core
