#pragma once

#include "schema/value.hpp"

#include <expected>
#include <map>
#include <string>

namespace pveplan::lab {

/// An error of the API: status, text with its trailing newline, and texts of single parameters.
struct Failure {
  int status = 500;
  std::string message;
  std::map<std::string, std::string> errors;

  /// The first line, which the server sends as the reason phrase.
  std::string reason() const;
};

template <typename T>
using Attempt = std::expected<T, Failure>;

/// 500, as for everything that simply dies; a newline is added.
std::unexpected<Failure> fail(std::string message);
/// 400 `Parameter verification failed.` for one or more parameters.
std::unexpected<Failure> bad_parameter(std::string name, std::string problem);
std::unexpected<Failure> bad_parameters(std::map<std::string, std::string> errors);
/// 403 `Permission check failed (…)`; without a text the bare form of compound checks.
std::unexpected<Failure> denied(std::string what = {});
/// The text of a failure inside a locked section: "create pool failed: " + cause, always a 500.
std::unexpected<Failure> wrap(std::string_view action, const Failure& cause);

/// What a call answers: `data`, and fields beside it such as `total` or `changes`.
struct Payload {
  schema::Value data;
  schema::Value::Fields beside;

  Payload() = default;
  Payload(schema::Value value) : data(std::move(value)) {}
};

using Reply = Attempt<Payload>;

}  // namespace pveplan::lab
