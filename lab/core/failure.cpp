#include "lab/core/failure.hpp"

#include <fmt/format.h>

namespace pveplan::lab {

std::string Failure::reason() const { return message.substr(0, message.find('\n')); }

std::unexpected<Failure> fail(std::string message) {
  return std::unexpected(Failure{500, std::move(message) + "\n", {}});
}

std::unexpected<Failure> bad_parameter(std::string name, std::string problem) {
  return bad_parameters({{std::move(name), std::move(problem)}});
}

std::unexpected<Failure> bad_parameters(std::map<std::string, std::string> errors) {
  return std::unexpected(Failure{400, "Parameter verification failed.\n", std::move(errors)});
}

std::unexpected<Failure> denied(std::string what) {
  if (what.empty()) return std::unexpected(Failure{403, "Permission check failed\n", {}});
  return std::unexpected(Failure{403, fmt::format("Permission check failed ({})\n", what), {}});
}

std::unexpected<Failure> wrap(std::string_view action, const Failure& cause) {
  std::string text;
  if (cause.status != 500) text = fmt::format("{} ", cause.status);
  text += cause.message;
  // An exception object prints its parameter errors on lines of their own.
  for (const auto& [name, problem] : cause.errors) text += fmt::format("{}: {}\n", name, problem);
  return std::unexpected(Failure{500, fmt::format("{} failed: {}", action, text), {}});
}

}  // namespace pveplan::lab
