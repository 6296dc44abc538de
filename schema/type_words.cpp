#include "schema/type_words.hpp"

namespace pveplan::schema {
namespace {

std::string_view kind_words(Type::Kind kind) {
  switch (kind) {
    case Type::Kind::boolean:
      return "true or false";
    case Type::Kind::integer:
      return "a whole number";
    case Type::Kind::decimal:
      return "a number";
    case Type::Kind::string:
      return "a text in quotes";
    case Type::Kind::size:
      return "a size such as \"40GiB\"";
    case Type::Kind::duration:
      return "a duration such as \"5m\"";
    case Type::Kind::secret:
      return "a reference to a secret";
    case Type::Kind::list:
    case Type::Kind::set:
      return "a list";
    case Type::Kind::map:
    case Type::Kind::object:
      return "a table";
    case Type::Kind::keyed_part:
      return "a table of named entries";
    case Type::Kind::any:
      return "any value";
    case Type::Kind::one_of:
      return "one of several forms";
  }
  return "a value";
}

}  // namespace

std::string type_words(const Type& type) {
  if (type.kind != Type::Kind::one_of) return std::string(kind_words(type.kind));
  std::string result;
  for (const auto& alternative : type.alternatives) {
    if (!result.empty()) result += " or ";
    result += kind_words(alternative.kind);
  }
  return result;
}

std::string with_article(std::string_view noun) {
  const bool vowel = !noun.empty() && std::string_view("aeiou").find(noun[0]) != noun.npos;
  return (vowel ? "An " : "A ") + std::string(noun);
}

}  // namespace pveplan::schema
