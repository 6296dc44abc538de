#pragma once

#include "schema/decode_context.hpp"
#include "schema/topology.hpp"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace pveplan::schema {

/// A resource block with profiles merged in and its instances known, before its attributes are
/// decoded.
struct Block {
  ResourceAddress address;  ///< without a key
  const ResourceSchema* schema = nullptr;
  Span span;     ///< the header
  NodePtr tree;  ///< profiles and block; without the keys that are not attributes
  NodePtr after;
  std::set<std::string> unset;
  bool unexpanded = false;        ///< per node, and the nodes are not stated
  std::vector<std::string> keys;  ///< in order; empty also where there is one instance
  bool keyed = false;
  bool uncertain = false;                    ///< its keys could not be told
  bool flawed = false;                       ///< a profile that it uses is not there
  std::map<std::string, NodePtr> overrides;  ///< `each.KEY`
};

/// Whether the text names an attribute by its path, as `unset` and `ignore` do; else says so.
bool check_path(DecodeContext& context, const ResourceSchema& schema, std::string_view key,
                const std::string& text, Span span);

/// Finds all resource blocks of the root file, judges their names, and enters them into the
/// context's groups. Blocks whose type or name is wrong, or not supported yet, are reported and
/// left out.
std::vector<Block> collect_blocks(DecodeContext& context, const Node& root);

/// The block that was probably meant to be [name]; nullptr when there is none.
const Entry* misspelled_block(const SchemaRegistry& registry, const Node& root,
                              std::string_view name);

/// Looks at every profile by itself: also at what no block uses, or overrides.
void check_profiles(DecodeContext& context, const Node& root);

/// How an instance is made from its block; kept by resources that are unexpanded.
class InstanceRecipe {
 public:
  InstanceRecipe(std::shared_ptr<DecodeContext> context, std::shared_ptr<const Block> block)
      : context_(std::move(context)), block_(std::move(block)) {}
  Resource make(const std::string& node) const;

 private:
  std::shared_ptr<DecodeContext> context_;
  std::shared_ptr<const Block> block_;
};

/// Nodes that the text of a per-node block names: in `each` and in tables by node. Sorted.
std::vector<std::string> named_nodes(const Block& block);

/// The instances of a block that has keys.
std::vector<Resource> decode_instances(DecodeContext& context, const Block& block);

/// One instance of a block. Without a key for the only one; for an unexpanded block without a key
/// what names the node is unknown.
Resource decode_instance(DecodeContext& context, const Block& block,
                         const std::optional<std::string>& key);

}  // namespace pveplan::schema
