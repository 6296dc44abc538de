#pragma once

#include "lab/core/parameter.hpp"
#include "schema/value.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pveplan::lab {

/// The text that a scalar has in the server, where `true` is 1 and numbers keep their spelling.
std::string scalar_text(const schema::Value& value);

/// The parameters of one call by name. A null value means: named, but not given.
class Parameters {
 public:
  using Map = std::map<std::string, schema::Value>;

  Parameters() = default;
  explicit Parameters(Map values) : values_(std::move(values)) {}

  const Map& all() const { return values_; }
  void set(const std::string& name, schema::Value value) { values_[name] = std::move(value); }
  void drop(const std::string& name) { values_.erase(name); }

  bool has(std::string_view name) const { return find(name) != nullptr; }
  /// nullptr when it was not given.
  const schema::Value* find(std::string_view name) const;
  /// Empty when it was not given.
  std::string text(std::string_view name) const;
  std::optional<std::string> maybe(std::string_view name) const;
  std::int64_t integer(std::string_view name, std::int64_t otherwise = 0) const;
  bool flag(std::string_view name, bool otherwise = false) const;
  /// The pieces of a list parameter, or the elements of an array as text.
  std::vector<std::string> list(std::string_view name) const;

 private:
  Map values_;
};

}  // namespace pveplan::lab
