#include "providers/pve/resources/pool/codec.hpp"

#include "providers/pve/client/encoding.hpp"
#include "providers/pve/coerce.hpp"

#include <algorithm>

namespace pveplan::pve {

using schema::Value;

PoolRoutes::PoolRoutes(int version) : id_in_path_(version != 0 && version < 801) {}

core::ApiRequest PoolRoutes::on_item(std::string method, const std::string& id,
                                     core::Parameters values) const {
  if (id_in_path_) {
    return core::ApiRequest(std::move(method), "/pools/" + percent_encode(id), std::move(values));
  }
  values.insert(values.begin(), {"poolid", id});
  return core::ApiRequest(std::move(method), "/pools", std::move(values));
}

core::ApiRequest PoolRoutes::read(const std::string& id) const { return on_item("GET", id, {}); }

core::ApiRequest PoolRoutes::create(const std::string& id, core::Parameters values) const {
  values.insert(values.begin(), {"poolid", id});
  return core::ApiRequest("POST", "/pools", std::move(values));
}

core::ApiRequest PoolRoutes::update(const std::string& id, core::Parameters values) const {
  return on_item("PUT", id, std::move(values));
}

core::ApiRequest PoolRoutes::remove(const std::string& id) const {
  return on_item("DELETE", id, {});
}

model::LiveObject pool_from_api(const Value& data) {
  const bool is_list = data.kind() == Value::Kind::list;
  const Value pool = !is_list ? data : data.as_list().empty() ? Value() : data.as_list().front();
  const auto id = Value::string(text_of(pool, "poolid"));
  Value::Fields attributes{{"id", id}};
  if (const auto comment = text_of(pool, "comment"); !comment.empty())
    attributes.emplace_back("comment", Value::string(comment));
  std::vector<std::string> members;
  if (const Value* listed = member(pool, "members");
      listed != nullptr && listed->kind() == Value::Kind::list) {
    for (const auto& each : listed->as_list()) members.push_back(text_of(each, "id"));
  }
  std::sort(members.begin(), members.end());
  Value::List member_values;
  for (auto& each : members) member_values.push_back(Value::string(std::move(each)));

  model::LiveObject live;
  live.identity = Value::map({{"id", id}});
  live.attributes = Value::object(std::move(attributes));
  live.exported = Value::map({{"id", id}});
  live.facts =
      Value::map({{"members", Value::list(std::move(member_values))}, {"identity", live.identity}});
  return live;
}

core::Parameters pool_parameters(const Value& attributes) {
  core::Parameters parameters;
  parameters.emplace_back("comment", text_of(attributes, "comment"));
  return parameters;
}

}  // namespace pveplan::pve
