#include "schema/include.hpp"

#include "schema/convert.hpp"
#include "schema/glob.hpp"
#include "schema/merge.hpp"
#include "schema/root_blocks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>

namespace pveplan::schema {
namespace {

/// The same file under whatever name: `a/../b.toml` is `b.toml`.
std::string identity_of(const std::string& path) {
  return std::filesystem::path(path).lexically_normal().string();
}

/// Files that stand beside a topology and are no part of it.
bool is_for_other_use(std::string_view name) {
  return name.ends_with(".lock.toml") || name.ends_with(".vars.toml");
}

class Includer {
 public:
  Includer(DecodeContext& context, Documents& documents)
      : context_(context), documents_(documents) {}

  NodePtr read(const std::string& root) {
    const auto tree = add_file(root, {}, " Name the topology with -f, or its folder with -C.");
    return tree ? merged(tree) : nullptr;
  }

 private:
  struct Wanted {
    std::string path;
    Span span;  ///< of the text that names it
    bool by_glob = false;
  };

  NodePtr add_file(const std::string& path, Span named_at, std::string_view help) {
    seen_.insert(identity_of(path));
    auto tree = read_document(context_, path, named_at, documents_, help);
    if (!tree) {
      context_.incomplete = true;
      return nullptr;
    }
    chain_.push_back(path);
    if (named_at.known()) check_own_block(*tree);
    trees_.push_back(tree);
    for (const auto& wanted : includes_of(*tree)) follow(wanted);
    chain_.pop_back();
    return tree;
  }

  void follow(const Wanted& wanted) {
    const auto identity = identity_of(wanted.path);
    if (wanted.by_glob && identity == identity_of(chain_.back())) return;
    const auto at = std::find_if(chain_.begin(), chain_.end(), [&](const std::string& each) {
      return identity_of(each) == identity;
    });
    if (at != chain_.end()) return circle(at, wanted);
    if (!seen_.contains(identity)) add_file(wanted.path, wanted.span, {});
  }

  void circle(std::vector<std::string>::const_iterator from, const Wanted& wanted) {
    auto way = *from;
    for (auto at = from + 1; at != chain_.end(); ++at) way += " includes " + *at + ", which";
    refuse("Include in a circle",
           fmt::format("{} includes {}: take one of the includes out.", way, *from), wanted.span);
  }

  /// What an included file may say in [pveplan]: which files it includes.
  void check_own_block(const Node& tree) {
    const auto* block = tree.find("pveplan");
    if (block == nullptr) return;
    if (block->value->table() == nullptr) {
      return add("Wrong type", "The settings are a block: write [pveplan].", block->key_span);
    }
    for (const auto& entry : block->value->table()->entries) {
      if (entry.key == "include" || pveplan_block_schema().find(entry.key) == nullptr) continue;
      add("Only in the root file",
          fmt::format("\"{}\" belongs into the [pveplan] block of {}, which includes this file.",
                      entry.key, chain_.front()),
          entry.key_span);
    }
    Converter converter(context_, Converter::References::refused);
    converter.set_owner("[pveplan]");
    Site site;
    site.span = block->value->span;
    static const auto kIncluded =
        ObjectBuilder().add(attr("include", list_of(string())).doc("More files.")).build();
    const auto unknown = without_entries(block->value, [](const std::string& key) {
      return pveplan_block_schema().find(key) != nullptr;
    });
    converter.convert_object(*unknown, kIncluded, site);
  }

  std::vector<Wanted> includes_of(const Node& tree) {
    static const auto kNames = list_of(string());
    std::vector<Wanted> result;
    const auto* block = tree.find("pveplan");
    const auto* include = block == nullptr ? nullptr : block->value->find("include");
    if (include == nullptr) return result;
    const auto errors_before = context_.diagnostics.error_count();
    Converter converter(context_, Converter::References::refused);
    Site site;
    site.name = include->key;
    site.span = include->value->span;
    site.literal = true;
    converter.convert(*include->value, kNames, site);
    const bool failed = context_.diagnostics.error_count() > errors_before;
    context_.incomplete = context_.incomplete || failed;
    if (include->value->array() == nullptr) return result;
    for (const auto& item : include->value->array()->items) {
      if (item->text() != nullptr) expand(*item->text(), item->span, result);
    }
    return result;
  }

  void expand(const std::string& text, Span span, std::vector<Wanted>& result) {
    if (has_interpolation(text)) {
      return refuse("Include not known",
                    "Files are included before any variable has its value: write the name out, "
                    "or a glob.",
                    span);
    }
    const auto pattern = context_.resolve_path(text, span.file);
    if (!is_glob(text)) {
      if (!is_for_other_use(text)) return result.push_back({pattern, span, false});
      return refuse("Include not possible",
                    text.ends_with(".vars.toml")
                        ? "A file of variables gives values and declares nothing: name it with "
                          "--vars."
                        : "A lock file stands beside the root file and is read with it.",
                    span);
    }
    if (text.find("**") != std::string::npos) {
      return refuse("Invalid pattern",
                    "\"**\" has no meaning in an include: name each folder, as in "
                    "\"common/*/*.toml\".",
                    span);
    }
    auto paths = matches(pattern);
    if (paths.empty()) return nothing_matches(text, pattern, span);
    for (auto& path : paths) result.push_back({std::move(path), span, true});
  }

  void nothing_matches(const std::string& text, const std::string& pattern, Span span) {
    const auto folder = directory_of(pattern.substr(0, pattern.find_first_of("*?[")));
    const auto names = context_.list_folder(folder);
    const auto why = names ? std::string(
                                 ". Files that end with .vars.toml or .lock.toml are never "
                                 "included.")
                           : fmt::format(": the folder {} cannot be read: {}.",
                                         folder.empty() ? "." : folder, names.error());
    refuse("Nothing to include",
           fmt::format("\"{}\" matches no file{} What it would declare would count as removed.",
                       text, why),
           span);
  }

  /// The files that a pattern stands for, sorted.
  std::vector<std::string> matches(const std::string& pattern) {
    std::vector<std::string> paths = {pattern.starts_with('/') ? "/" : ""};
    std::string_view rest = pattern;
    while (rest.starts_with('/')) rest.remove_prefix(1);
    while (!rest.empty()) {
      const auto end = std::min(rest.find('/'), rest.size());
      const bool last = end == rest.size();
      paths = one_level(paths, rest.substr(0, end), last);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    std::sort(paths.begin(), paths.end());
    return paths;
  }

  std::vector<std::string> one_level(const std::vector<std::string>& folders,
                                     std::string_view pattern, bool last) {
    std::vector<std::string> result;
    for (const auto& folder : folders) {
      if (!is_glob(pattern)) {
        auto path = folder + std::string(pattern);
        if (!last) path += '/';
        if (!last || context_.file_exists(path)) result.push_back(std::move(path));
        continue;
      }
      const auto names = context_.list_folder(folder);
      if (!names) continue;  // no folder, or none that can be read: nothing in it matches
      for (const auto& name : *names) {
        if (!fits_glob(name, pattern) || (last && is_for_other_use(name))) continue;
        result.push_back(folder + name + (last ? "" : "/"));
      }
    }
    return result;
  }

  /// One tree of all files: their blocks side by side.
  NodePtr merged(const NodePtr& root) {
    if (trees_.size() == 1) return root;
    for (const auto& tree : trees_) {
      for (const auto& entry : tree->table()->entries) {
        if (tree != root && entry.key == "pveplan") continue;
        add_block(entry);
      }
    }
    std::vector<Entry> entries;
    for (auto& [key, entry] : blocks_) entries.push_back(std::move(entry));
    return make_table(std::move(entries), root->span);
  }

  void add_block(const Entry& entry) {
    const auto [at, added] = blocks_.try_emplace(entry.key, entry);
    if (added) return;
    auto& known = at->second;
    const auto* these = entry.value->table();
    const auto* those = known.value->table();
    const auto* items = entry.value->array();
    const auto* earlier = known.value->array();
    if (items != nullptr && earlier != nullptr) {
      auto both = std::make_shared<Node>(*known.value);
      auto& all = std::get<Node::Array>(both->data).items;
      all.insert(all.end(), items->items.begin(), items->items.end());
      known.value = both;
    } else if (these != nullptr && those != nullptr && entry.key != "proxmox") {
      known.value = side_by_side(entry.key, *those, *these, known.value->span);
    } else {
      twice(known, entry, "[" + entry.key + "]");
    }
  }

  NodePtr side_by_side(const std::string& type, const Node::Table& those, const Node::Table& these,
                       Span span) {
    std::map<std::string, Entry> named;
    for (const auto& entry : those.entries) named.emplace(entry.key, entry);
    for (const auto& entry : these.entries) {
      const auto [at, added] = named.try_emplace(entry.key, entry);
      if (!added) twice(at->second, entry, fmt::format("[{}.{}]", type, entry.key));
    }
    std::vector<Entry> entries;
    for (auto& [key, entry] : named) entries.push_back(std::move(entry));
    return make_table(std::move(entries), span);
  }

  void twice(const Entry& first, const Entry& second, const std::string& block) {
    const auto place = [](const Entry& entry) {
      return entry.value->table() == nullptr ? entry.key_span : entry.value->span;
    };
    auto diagnostic = error("Block in two files",
                            fmt::format("{} stands in {} too, and a block lives in one file only: "
                                        "take one of them out{}.",
                                        block, context_.sources.name(first.key_span.file),
                                        block == "[proxmox]" ? "" : ", or rename it"),
                            place(second));
    diagnostic.notes.push_back({"the other one is here", place(first)});
    context_.diagnostics.add(std::move(diagnostic));
  }

  void refuse(std::string summary, std::string detail, Span span) {
    context_.incomplete = true;
    add(std::move(summary), std::move(detail), span);
  }

  void add(std::string summary, std::string detail, Span span) {
    context_.diagnostics.add(error(std::move(summary), std::move(detail), span));
  }

  DecodeContext& context_;
  Documents& documents_;
  std::vector<std::string> chain_;  ///< the file that is read, behind those that include it
  std::set<std::string> seen_;
  std::vector<NodePtr> trees_;
  std::map<std::string, Entry> blocks_;
};

}  // namespace

NodePtr read_document(DecodeContext& context, const std::string& path, Span named_at,
                      Documents& documents, std::string_view help) {
  auto text = context.read_file(path);
  if (!text) {
    context.diagnostics.add(error("File not readable",
                                  fmt::format("{} cannot be read: {}.{}", path, text.error(), help),
                                  named_at));
    return nullptr;
  }
  const auto file = context.sources.add(path, std::move(*text));
  documents.push_back(parse_document(context.sources, file, context.diagnostics));
  return documents.back();
}

NodePtr read_with_includes(DecodeContext& context, const std::string& path, Documents& documents) {
  return Includer(context, documents).read(path);
}

}  // namespace pveplan::schema
