#pragma once

#include "providers/core/engine_only_type.hpp"

namespace pveplan::core {

/// `[output.NAME]`: a row in the state and nothing else. Nothing refers to it.
class OutputType final : public EngineOnlyType {
 public:
  using EngineOnlyType::EngineOnlyType;
  model::Identity identity(const schema::ResourceAddress& address,
                           const schema::Value& desired) const override;
  schema::Value exports(const schema::ResourceAddress& address, const schema::Value& after,
                        const model::Identity& identity) const override;
};

}  // namespace pveplan::core
