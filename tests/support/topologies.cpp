#include "tests/support/topologies.hpp"

#include "providers/core/resources/ip_pool/schema.hpp"
#include "providers/core/resources/output/schema.hpp"
#include "providers/core/resources/record/schema.hpp"
#include "providers/pve/resources/bridge/schema.hpp"
#include "providers/pve/resources/image/schema.hpp"
#include "providers/pve/resources/pool/schema.hpp"
#include "providers/pve/resources/template/schema.hpp"
#include "providers/pve/resources/vm/schema.hpp"
#include "schema/diagnostic_text.hpp"

#include <filesystem>
#include <set>

namespace pveplan::tests {

const schema::SchemaRegistry& all_schemas() {
  static const std::vector<schema::ResourceSchema> kSchemas = {
      core::record_schema(), core::output_schema(), core::ip_pool_schema(), pve::pool_schema(), pve::bridge_schema(),
      pve::image_schema(),   pve::template_schema(), pve::vm_schema(),
  };
  static const auto kRegistry = [] {
    schema::SchemaRegistry registry;
    for (const auto& each : kSchemas) registry.add(each);
    return registry;
  }();
  return kRegistry;
}

namespace {

/// `a/../b.toml` is `b.toml`, as on a disk.
std::string normal(const std::string& path) {
  return std::filesystem::path(path).lexically_normal().string();
}

}  // namespace

TopologyText& TopologyText::file(const std::string& path, std::string text) {
  files_[normal(path)] = std::move(text);
  return *this;
}

TopologyText& TopologyText::root(std::string path) {
  root_ = std::move(path);
  return *this;
}

TopologyText& TopologyText::environment(const std::string& name, std::string value) {
  environment_[name] = std::move(value);
  return *this;
}

TopologyText& TopologyText::variable(const std::string& name, std::string value) {
  variables_.emplace_back(name, std::move(value));
  return *this;
}

TopologyText& TopologyText::variable_file(const std::string& path, std::string text) {
  variable_files_.push_back(path);
  return file(path, std::move(text));
}

TopologyText& TopologyText::any_file(std::string text) {
  any_file_ = std::move(text);
  return *this;
}

schema::Loaded TopologyText::load() const {
  schema::LoadRequest request;
  request.registry = &all_schemas();
  request.file = root_;
  request.variables = variables_;
  request.variable_files = variable_files_;
  request.source.read_file =
      [this](const std::string& path) -> std::expected<std::string, std::string> {
    const auto at = files_.find(normal(path));
    if (at != files_.end()) return at->second;
    if (any_file_) return *any_file_;
    return std::unexpected("No such file or directory");
  };
  request.source.file_exists = [this](const std::string& path) {
    return any_file_ || files_.contains(normal(path));
  };
  request.source.list_folder =
      [this](const std::string& folder) -> std::expected<std::vector<std::string>, std::string> {
    std::set<std::string> names;
    const auto prefix = folder.empty() ? std::string() : normal(folder);
    for (const auto& [path, text] : files_) {
      if (!path.starts_with(prefix)) continue;
      const auto rest = path.substr(prefix.size());
      names.insert(rest.substr(0, rest.find('/')));
    }
    if (names.empty()) return std::unexpected("No such file or directory");
    return std::vector<std::string>(names.begin(), names.end());
  };
  request.source.environment = [this](const std::string& name) -> std::optional<std::string> {
    const auto at = environment_.find(name);
    return at == environment_.end() ? std::nullopt : std::optional(at->second);
  };
  request.source.variable_names = [this] {
    std::vector<std::string> names;
    for (const auto& [name, value] : environment_) {
      if (name.starts_with("PVEPLAN_VAR_")) names.push_back(name);
    }
    return names;
  };
  return schema::load(request);
}

std::string TopologyText::messages() const {
  const auto loaded = load();
  return schema::render_diagnostics(loaded.sources, loaded.diagnostics, {});
}

}  // namespace pveplan::tests
