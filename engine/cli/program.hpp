#pragma once

#include "engine/cli/options.hpp"
#include "providers/async/host.hpp"
#include "providers/core/resource_type.hpp"
#include "schema/resource_schema.hpp"

#include <deque>
#include <functional>
#include <string>

namespace pveplan::view {
class EventStream;
}

namespace pveplan::cli {

/// The version of this program.
const char* program_version();

/// Every resource type and schema that this program knows. One list, made by the composition root.
class KnownTypes {
 public:
  KnownTypes();
  KnownTypes(const KnownTypes&) = delete;
  KnownTypes& operator=(const KnownTypes&) = delete;
  const core::TypeRegistry& types() const { return types_; }
  const schema::SchemaRegistry& schemas() const { return schemas_; }

 private:
  const schema::ResourceSchema& keep(schema::ResourceSchema schema);

  std::deque<schema::ResourceSchema> kept_;  ///< the registry points into it
  schema::SchemaRegistry schemas_;
  core::TypeRegistry types_;
};

/// What a command works with. Commands print through these two and nowhere else.
class Program {
 public:
  using Output = std::function<void(const std::string&)>;
  Program(async::Host& host_, const KnownTypes& known_, Output out_, Output err_)
      : host(host_), known(known_), out(std::move(out_)), err(std::move(err_)) {}

  async::Host& host;
  const KnownTypes& known;
  Output out;
  Output err;
  /// Tells programs what happens, with --json and --json-into; null without.
  view::EventStream* events = nullptr;
  /// Called by commands that only read, when everything has been printed: may end the process,
  /// since the system frees memory faster than a hundred thousand destructors do.
  std::function<void(int exit_code)> leave = [](int) {};

  /// Whether colour may be used: a terminal, no NO_COLOR, no --no-color.
  bool colour(const Options& options) const;
};

/// Runs one command to its end and returns its exit code. Also what simulations run.
async::Task<int> run_command(Program& program, Options options);

}  // namespace pveplan::cli
