#include "lab/conform/recording.hpp"

#include "lab/core/text.hpp"
#include "schema/json.hpp"

#include <fmt/format.h>

namespace pveplan::lab {
namespace {

using schema::Value;

std::string text_of(const Value& line, std::string_view name) {
  const Value* field = line.find(name);
  return field != nullptr && field->is_string() ? field->as_string() : std::string{};
}

Exchange exchange_from(const Value& line) {
  Exchange exchange;
  exchange.name = text_of(line, "name");
  exchange.method = text_of(line, "method");
  exchange.path = text_of(line, "path");
  exchange.query = text_of(line, "query");
  exchange.reason = text_of(line, "reason");
  if (const Value* headers = line.find("request_headers");
      headers != nullptr && headers->has_fields()) {
    for (const auto& [name, value] : headers->as_fields()) {
      exchange.headers.emplace_back(name, value.as_string());
    }
  }
  if (const Value* form = line.find("form")) exchange.form = *form;
  if (const Value* status = line.find("status"))
    exchange.status = static_cast<int>(status->as_integer());
  const Value* type = line.find(schema::Path({"response_headers", "content-type"}));
  if (type != nullptr && type->is_string()) exchange.content_type = type->as_string();
  if (const Value* body = line.find("body")) exchange.body = *body;
  return exchange;
}

}  // namespace

bool Exchange::is_json() const {
  return content_type && content_type->starts_with("application/json");
}

schema::Result<std::vector<Exchange>> parse_recording(std::string_view text) {
  std::vector<Exchange> exchanges;
  int number = 0;
  for (const std::string& line : split(text, '\n')) {
    ++number;
    if (line.empty()) continue;
    const auto value = schema::parse_json(line);
    if (!value) {
      return std::unexpected(schema::error(
          "Cannot read the recording",
          fmt::format("Line {} is no JSON object: {}", number, value.error().detail)));
    }
    exchanges.push_back(exchange_from(*value));
  }
  return exchanges;
}

}  // namespace pveplan::lab
