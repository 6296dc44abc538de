#pragma once

#include "schema/value.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pveplan::state {

/// Takes the known members out of a JSON object one by one; what nobody took is left over. A member
/// of the wrong type is remembered, so that callers check once at the end.
class Members {
 public:
  explicit Members(const schema::Value& object);

  schema::Value value(std::string_view name);       ///< null when absent
  std::string text(std::string_view name);          ///< empty when absent
  std::uint64_t number(std::string_view name);      ///< 0 when absent; negative is wrong
  bool flag(std::string_view name);                 ///< false when absent
  schema::Value::List list(std::string_view name);  ///< empty when absent
  std::vector<std::int64_t> integers(std::string_view name);
  std::vector<std::string> texts(std::string_view name);

  /// Marks a member as wrong: for what only the caller can check.
  void reject(std::string_view name);
  /// The first member that was of the wrong type, or "object"; empty when all is well.
  const std::string& wrong() const { return wrong_; }
  /// The members that were not asked for, as a map; null when there are none.
  schema::Value rest() const;

 private:
  const schema::Value* take(std::string_view name);

  const schema::Value& object_;
  std::vector<std::string_view> taken_;
  std::string wrong_;
};

/// Collects the members of a JSON object to write; what is empty is left out.
class MemberWriter {
 public:
  void put(const char* name, const schema::Value& value);
  void put(const char* name, const std::string& text);
  void put(const char* name, std::uint64_t number);  ///< written even when 0
  void put(const char* name, schema::Value::List items);
  /// Adds the members that are not there yet.
  void put_missing(const schema::Value& unknown);
  schema::Value take();

 private:
  schema::Value::Fields fields_;
};

schema::Value::List text_list(const std::vector<std::string>& texts);

}  // namespace pveplan::state
