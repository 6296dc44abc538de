#include "engine/cli/workspace.hpp"

#include <fmt/format.h>

namespace pveplan::cli {
namespace {

std::string without_line_break(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

std::unexpected<schema::Diagnostic> missing(std::string detail, schema::Span span) {
  return std::unexpected(schema::error("Secret not available", std::move(detail), span));
}

}  // namespace

async::Task<schema::Result<std::string>> fetch_secret(async::Host& host,
                                                      schema::SecretSource source) {
  if (source.kind == schema::SecretSource::Kind::env) {
    const auto value = host.environment.variable(source.name);
    if (!value || value->empty()) {
      co_return missing(
          fmt::format("The environment variable {} is not set. Set it to the secret that this "
                      "line asks for.",
                      source.name),
          source.span);
    }
    co_return *value;
  }
  if (source.kind == schema::SecretSource::Kind::file) {
    const auto text = host.files.read(source.name);
    if (!text)
      co_return missing("The secret's file cannot be read: " + text.error().text() + ".",
                        source.span);
    co_return without_line_break(*text);
  }
  auto result = co_await host.processes.run(source.command, std::string());
  if (result.exit_code != 0) {
    // What the program printed may hold parts of the secret, so only its exit code is told.
    co_return missing(fmt::format("The command {} ended with exit code {}.", source.command.front(),
                                  result.exit_code),
                      source.span);
  }
  co_return without_line_break(std::move(result.output));
}

async::Task<schema::Result<state::SecretKey>> fetch_secret_key(async::Host& host,
                                                               schema::SecretSource source) {
  auto bytes = co_await fetch_secret(host, std::move(source));
  if (!bytes) co_return std::unexpected(bytes.error());
  co_return state::SecretKey::from_bytes(std::move(*bytes));
}

schema::Result<state::SecretKey> users_secret_key(async::Host& host) {
  return state::SecretKey::read_or_make(host.files, host.random,
                                        state::SecretKey::default_path(host.environment));
}

}  // namespace pveplan::cli
