#include "providers/core/resources/output/output.hpp"

namespace pveplan::core {

using schema::Value;

model::Identity OutputType::identity(const schema::ResourceAddress&, const Value&) const {
  return Value::map({});
}

Value OutputType::exports(const schema::ResourceAddress&, const Value&,
                          const model::Identity&) const {
  return {};
}

}  // namespace pveplan::core
