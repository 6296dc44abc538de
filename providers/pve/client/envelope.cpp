#include "providers/pve/client/envelope.hpp"

#include "providers/pve/client/failure.hpp"
#include "providers/pve/client/server_time.hpp"
#include "providers/pve/coerce.hpp"
#include "schema/json.hpp"

#include <fmt/format.h>

namespace pveplan::pve {
namespace {

using schema::Value;

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

/// JSON only when the answer says so: 401, 501, 595 … carry plain text or nothing.
std::optional<Value> json_body(const async::HttpReply& reply) {
  const auto type = reply.header("content-type");
  if (!type || !type->starts_with("application/json")) return std::nullopt;
  auto parsed = schema::parse_json(reply.body);
  if (!parsed) return std::nullopt;
  return std::move(*parsed);
}

core::ApiError failure(const async::HttpReply& reply, const Value& body, bool writes) {
  core::ApiError error;
  error.status = reply.status;
  error.message = trimmed(text_of(body, "message"));
  if (error.message.empty()) error.message = trimmed(reply.reason);
  if (error.message.empty()) error.message = fmt::format("status {}", reply.status);
  std::string all = error.message;
  if (const Value* faults = member(body, "errors"); faults != nullptr && faults->has_fields()) {
    for (const auto& [parameter, text] : faults->as_fields()) {
      error.parameters.emplace_back(parameter, trimmed(as_text(&text)));
      all += "\n" + as_text(&text);
    }
  }
  error.failure = classify_answer(reply.status, all, writes);
  return error;
}

/// Headers that break off reach us as an answer without a body: a write may have had its effect.
core::ApiError not_the_api(const async::HttpReply& reply, bool writes) {
  core::ApiError error;
  error.status = reply.status;
  if (writes || reply.body.empty()) error.failure = core::ApiFailure::unknown_outcome;
  error.message = "The answer is no JSON. Is this the address of a Proxmox VE API?";
  return error;
}

}  // namespace

core::ApiResult decode_envelope(const async::HttpReply& reply, const std::string& request,
                                bool writes) {
  const auto date = reply.header("date");
  const auto server_time = date ? rfc3339_from_http_date(*date) : std::string();
  auto body = json_body(reply);
  if (reply.status < 200 || reply.status >= 300 || !body) {
    auto error = reply.status >= 200 && reply.status < 300
                     ? not_the_api(reply, writes)
                     : failure(reply, body.value_or(Value()), writes);
    error.request = request;
    error.server_time = server_time;
    return std::unexpected(std::move(error));
  }
  core::ApiAnswer answer;
  answer.server_time = server_time;
  Value::Fields rest;
  if (body->has_fields()) {
    for (const auto& [name, value] : body->as_fields()) {
      if (name == "data") {
        answer.data = value;
      } else {
        rest.emplace_back(name, value);
      }
    }
  }
  answer.rest = Value::map(std::move(rest));
  return answer;
}

}  // namespace pveplan::pve
