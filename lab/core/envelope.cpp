#include "lab/core/envelope.hpp"

#include "schema/json.hpp"

#include <fmt/format.h>

namespace pveplan::lab {
namespace {

using schema::Value;

constexpr const char* kJson = "application/json;charset=UTF-8";

Value error_fields(const Failure& failure) {
  Value::Fields fields;
  for (const auto& [name, text] : failure.errors) fields.emplace_back(name, Value::string(text));
  return Value::map(std::move(fields));
}

Answer json_answer(int status, std::string reason, Value::Fields fields) {
  Answer answer;
  answer.status = status;
  answer.reason = std::move(reason);
  answer.headers.emplace_back("content-type", kJson);
  answer.body = schema::to_json(Value::map(std::move(fields)));
  return answer;
}

Value::Fields success_fields(const Payload& payload) {
  Value::Fields fields = payload.beside;
  fields.emplace_back("data", payload.data);
  return fields;
}

Value::Fields failure_fields(const Failure& failure) {
  Value::Fields fields{{"data", Value{}}, {"message", Value::string(failure.message)}};
  if (!failure.errors.empty()) fields.emplace_back("errors", error_fields(failure));
  return fields;
}

/// The interface's own format: always 200, success and status inside.
Answer extjs_answer(const Reply& reply) {
  if (reply) {
    Value::Fields fields = success_fields(*reply);
    fields.emplace_back("success", Value::integer(1));
    return json_answer(200, "OK", std::move(fields));
  }
  Value::Fields fields = failure_fields(reply.error());
  fields.emplace_back("success", Value::integer(0));
  // The status of an exception object is kept as a string there.
  const int status = reply.error().status;
  fields.emplace_back(
      "status", status == 500 ? Value::integer(status) : Value::string(std::to_string(status)));
  return json_answer(200, "OK", std::move(fields));
}

std::string escape_html(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '<') {
      result += "&lt;";
    } else if (c == '&') {
      result += "&amp;";
    } else {
      result += c;
    }
  }
  return result;
}

Answer html_answer(const Reply& reply) {
  Answer answer;
  answer.status = reply ? 200 : reply.error().status;
  answer.reason = reply ? "OK" : reply.error().reason();
  answer.headers.emplace_back("content-type", "text/html;charset=UTF-8");
  const std::string text = reply ? schema::to_pretty_json(reply->data) : reply.error().message;
  answer.body = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n  <head>\n    <title>Proxmox VE API</title>\n  "
      "</head>\n"
      "  <body>\n    <pre>{}</pre>\n  </body>\n</html>\n",
      escape_html(text));
  return answer;
}

}  // namespace

Answer format_reply(Format format, const Reply& reply) {
  if (format == Format::extjs) return extjs_answer(reply);
  if (format == Format::html) return html_answer(reply);
  if (reply) return json_answer(200, "OK", success_fields(*reply));
  return json_answer(reply.error().status, reply.error().reason(), failure_fields(reply.error()));
}

Answer raw_error(int status, std::string reason, std::string body) {
  Answer answer;
  answer.status = status;
  answer.reason = std::move(reason);
  answer.body = std::move(body);
  return answer;
}

Answer not_implemented(Format format, std::string_view method, std::string_view path) {
  Failure failure{501, fmt::format("Method '{} {}' not implemented", method, path), {}};
  return format_reply(format, std::unexpected(std::move(failure)));
}

}  // namespace pveplan::lab
