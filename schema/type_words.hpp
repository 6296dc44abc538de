#pragma once

#include "schema/attribute.hpp"

#include <string>
#include <string_view>

namespace pveplan::schema {

/// "a whole number", "true or false or a table": what an attribute takes.
std::string type_words(const Type& type);

/// "A vm", "An image".
std::string with_article(std::string_view noun);

}  // namespace pveplan::schema
