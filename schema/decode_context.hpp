#pragma once

#include "schema/document.hpp"
#include "schema/load.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace pveplan::schema {

/// A declared variable with the value that it got.
struct Variable {
  NodePtr value;       ///< null: there is none, or it is wrong; whatever uses it is unknown
  std::string origin;  ///< "--var", "prod.vars.toml", "PVEPLAN_VAR_env", "default"
  bool sensitive = false;
};

/// What is known about a block before its attributes are decoded: enough to check references to it.
struct Group {
  const ResourceSchema* schema = nullptr;  ///< nullptr: a type that is not acted on yet
  Span span;
  bool keyed = false;             ///< instances have keys
  bool uncertain = false;         ///< its keys could not be told: references are not judged
  std::vector<std::string> keys;  ///< sorted as text
};

/// What one load() shares between its stages. Outlives it inside of recipes, then without the
/// callbacks: everything that may be asked for again is remembered here.
class DecodeContext {
 public:
  explicit DecodeContext(const LoadRequest& request)
      : registry(*request.registry), source_(request.source) {}

  const SchemaRegistry& registry;
  SourceMap sources;
  Diagnostics diagnostics;
  std::map<std::string, Variable, std::less<>> variables;
  /// "vm.db" → group, of all resource blocks.
  std::unordered_map<std::string, Group> groups;
  /// A file of the topology could not be read: names that are not declared may be declared there.
  bool incomplete = false;

  const Group* find_group(std::string_view type, std::string_view name) const;
  /// Names of the blocks of one type, sorted.
  const std::vector<std::string>& names_of(std::string_view type);
  /// did_you_mean() as long as the work for it stays reasonable: a thousand slips in a topology of
  /// ten thousand blocks shall not take minutes.
  std::string guess(std::string_view word, const std::vector<std::string>& candidates);

  std::optional<std::string> environment(const std::string& name);
  bool file_exists(const std::string& path);
  std::expected<std::string, std::string> read_file(const std::string& path);
  /// Only while files are read.
  std::expected<std::vector<std::string>, std::string> list_folder(const std::string& path);
  /// A file name as written in `file`: relative to that file's folder, "~/" to the home folder.
  std::string resolve_path(std::string_view written, std::uint32_t file);

  /// What stands at a span in its file; empty where that is not known (any more).
  std::string_view written(Span span) const;
  /// The part of a string's span that shows `part` literally, else the whole span.
  Span narrow(Span span, std::string_view part) const;

  /// After load(): gives the texts away; no callback is called any more, and nothing is reported.
  SourceMap seal();

 private:
  LoadSource source_;
  bool sealed_ = false;
  std::size_t guesses_left_ = 2'000'000;
  std::vector<std::string> directories_;
  std::map<std::string, std::vector<std::string>, std::less<>> names_;
  std::map<std::string, std::optional<std::string>> environment_;
  std::map<std::string, std::expected<std::string, std::string>> files_;
};

/// The folder of a file name, with its slash; empty for the working directory.
std::string directory_of(std::string_view path);

}  // namespace pveplan::schema
