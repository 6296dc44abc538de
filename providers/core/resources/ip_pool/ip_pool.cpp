#include "providers/core/resources/ip_pool/ip_pool.hpp"

namespace pveplan::core {

model::Identity IpPoolType::identity(const schema::ResourceAddress&, const schema::Value&) const {
  return {};  // nothing outside of the state stands for it
}

schema::Value IpPoolType::exports(const schema::ResourceAddress&, const schema::Value& after,
                                  const model::Identity&) const {
  return after;
}

}  // namespace pveplan::core
