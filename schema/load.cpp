#include "schema/load.hpp"

#include "schema/blocks.hpp"
#include "schema/conflicts.hpp"
#include "schema/decode_context.hpp"
#include "schema/include.hpp"
#include "schema/root_blocks.hpp"
#include "schema/set_changes.hpp"
#include "schema/type_words.hpp"
#include "schema/variables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <tuple>

namespace pveplan::schema {
namespace {

void check_connection(DecodeContext& context, const Topology& topology) {
  if (topology.connection || context.incomplete) return;
  const Resource* first = nullptr;
  for (const auto& resource : topology.resources) {
    const auto place = [](const Resource& each) {
      return std::pair(each.span.file, each.span.begin);
    };
    const bool earlier = first == nullptr || place(resource) < place(*first);
    if (resource.schema->needs_connection && earlier) first = &resource;
  }
  if (first == nullptr) return;
  context.diagnostics.add(
      error("Missing block",
            fmt::format("{} lives on a Proxmox VE server: say which one in a [proxmox] block.",
                        with_article(first->schema->type)),
            first->span));
}

/// Adds the resources of a block; for one that is unexpanded also looks at the instances that its
/// text already tells of.
void decode_block(const std::shared_ptr<DecodeContext>& context, Block block,
                  std::vector<Resource>& resources, std::vector<Resource>& previews) {
  if (block.uncertain) {  // how many there are is wrong; what they hold is looked at all the same
    decode_instance(*context, block, std::nullopt);
    return;
  }
  if (block.keyed) {
    auto instances = decode_instances(*context, block);
    std::move(instances.begin(), instances.end(), std::back_inserter(resources));
    return;
  }
  auto resource = decode_instance(*context, block, std::nullopt);
  if (block.unexpanded) {
    for (const auto& node : named_nodes(block)) {
      previews.push_back(decode_instance(*context, block, node));
    }
    const auto shared = std::make_shared<const Block>(std::move(block));
    resource.recipe = std::make_shared<const InstanceRecipe>(context, shared);
  }
  resources.push_back(std::move(resource));
}

void check_types(DecodeContext& context, const Topology& topology) {
  std::set<const ResourceSchema*> used;
  for (const auto& resource : topology.resources) used.insert(resource.schema);
  for (const auto& [type, schema] : context.registry.all()) {
    const bool wanted = schema->check_topology != nullptr && used.contains(schema);
    if (wanted) schema->check_topology(topology, context.diagnostics);
  }
}

/// Which header is in force at each place: found only for what is shown.
void name_contexts(const SourceMap& sources, const Documents& documents, Diagnostics& diagnostics) {
  std::vector<std::optional<HeaderIndex>> headers(documents.size());
  Diagnostics named;
  for (auto diagnostic : diagnostics.items()) {
    const auto span = diagnostic.span;
    const bool located = span.known() && span.file < documents.size() && documents[span.file];
    if (located && diagnostic.context.empty()) {
      auto& index = headers[span.file];
      if (!index) index.emplace(*documents[span.file]);
      const auto* header = index->header_at(span.begin);
      if (header != nullptr && span.begin >= header->end) {
        diagnostic.context =
            sources.text(span.file).substr(header->begin, header->end - header->begin);
      }
    }
    named.add(std::move(diagnostic));
  }
  diagnostics = std::move(named);
}

/// One message for each fault, however many instances share the text.
void sort_and_merge(Diagnostics& diagnostics) {
  diagnostics.sort();
  Diagnostics merged;
  const auto key = [](const Diagnostic& each) {
    return std::tie(each.span.file, each.span.begin, each.span.end, each.summary, each.detail);
  };
  std::set<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t, std::string, std::string>> seen;
  for (const auto& diagnostic : diagnostics.items()) {
    if (seen.insert(key(diagnostic)).second) merged.add(diagnostic);
  }
  diagnostics = std::move(merged);
}

std::string joined(const std::string& directory, const std::string& file) {
  if (directory.empty() || file.starts_with('/')) return file;
  return directory.ends_with('/') ? directory + file : directory + "/" + file;
}

void decode_root(const std::shared_ptr<DecodeContext>& context, const Node& root,
                 const LoadRequest& request, const std::vector<NodePtr>& variable_files,
                 Topology& topology) {
  decode_variables(*context, root, request, variable_files);
  decode_pveplan_block(*context, root, request, topology);
  decode_proxmox_block(*context, root, topology);
  auto blocks = collect_blocks(*context, root);
  std::vector<Resource> previews;
  for (auto& block : blocks) {
    decode_block(context, std::move(block), topology.resources, previews);
  }
  check_profiles(*context, root);
  std::sort(topology.resources.begin(), topology.resources.end(),
            [](const Resource& a, const Resource& b) { return a.address < b.address; });
  decode_set_changes(*context, root, topology);
  check_connection(*context, topology);
  find_conflicts(topology, previews, context->diagnostics);
  check_types(*context, topology);
  topology.variables = variable_bindings(*context);
}

}  // namespace

Loaded load(const LoadRequest& request) {
  auto context = std::make_shared<DecodeContext>(request);
  const auto path = joined(request.directory, request.file);
  Documents documents;
  const auto root = read_with_includes(*context, path, documents);
  std::vector<NodePtr> variable_files;
  for (const auto& file : request.variable_files) {
    variable_files.push_back(read_document(*context, file, {}, documents));
  }
  Topology topology;
  topology.directory = directory_of(path);
  if (root) decode_root(context, *root, request, variable_files, topology);
  if (request.check_whole) {
    context->diagnostics.append(request.check_whole(topology));
  }
  Loaded result;
  sort_and_merge(context->diagnostics);
  name_contexts(context->sources, documents, context->diagnostics);
  result.diagnostics = std::move(context->diagnostics);
  result.sources = context->seal();
  if (!result.diagnostics.has_errors()) result.topology = std::move(topology);
  return result;
}

}  // namespace pveplan::schema
