#include "schema/decode_context.hpp"

#include "schema/suggest.hpp"

#include <algorithm>
#include <utility>

namespace pveplan::schema {

const Group* DecodeContext::find_group(std::string_view type, std::string_view name) const {
  std::string text(type);
  text += '.';
  text += name;
  const auto at = groups.find(text);
  return at == groups.end() ? nullptr : &at->second;
}

const std::vector<std::string>& DecodeContext::names_of(std::string_view type) {
  if (names_.empty()) {
    for (const auto& [text, group] : groups) {
      const auto dot = text.find('.');
      names_[text.substr(0, dot)].push_back(text.substr(dot + 1));
    }
    for (auto& [each, names] : names_) std::sort(names.begin(), names.end());
  }
  static const std::vector<std::string> kNone;
  const auto at = names_.find(type);
  return at == names_.end() ? kNone : at->second;
}

std::string DecodeContext::guess(std::string_view word,
                                 const std::vector<std::string>& candidates) {
  if (candidates.size() > guesses_left_) return {};
  guesses_left_ -= candidates.size();
  return did_you_mean(word, candidates);
}

std::optional<std::string> DecodeContext::environment(const std::string& name) {
  const auto known = environment_.find(name);
  if (known != environment_.end()) return known->second;
  if (sealed_) return std::nullopt;
  return environment_.emplace(name, source_.environment(name)).first->second;
}

bool DecodeContext::file_exists(const std::string& path) {
  return sealed_ || source_.file_exists(path);
}

std::expected<std::string, std::string> DecodeContext::read_file(const std::string& path) {
  const auto known = files_.find(path);
  if (known != files_.end()) return known->second;
  if (sealed_) return std::unexpected("not read");
  return files_.emplace(path, source_.read_file(path)).first->second;
}

std::expected<std::vector<std::string>, std::string> DecodeContext::list_folder(
    const std::string& path) {
  auto names = source_.list_folder(path);
  if (names) std::sort(names->begin(), names->end());
  return names;
}

std::string DecodeContext::resolve_path(std::string_view written, std::uint32_t file) {
  if (written.starts_with("~/")) {
    return environment("HOME").value_or("~") + std::string(written.substr(1));
  }
  if (written.starts_with('/') || file == Span::kNoFile) return std::string(written);
  const auto folder = sealed_ ? directories_[file] : directory_of(sources.name(file));
  return folder + std::string(written);
}

std::string_view DecodeContext::written(Span span) const {
  if (!span.known() || span.file >= sources.size()) return {};
  return std::string_view(sources.text(span.file)).substr(span.begin, span.end - span.begin);
}

Span DecodeContext::narrow(Span span, std::string_view part) const {
  const auto at = part.empty() ? std::string_view::npos : written(span).find(part);
  if (at == std::string_view::npos) return span;
  const auto begin = span.begin + static_cast<std::uint32_t>(at);
  return {span.file, begin, begin + static_cast<std::uint32_t>(part.size())};
}

SourceMap DecodeContext::seal() {
  for (std::uint32_t file = 0; file < sources.size(); ++file) {
    directories_.push_back(directory_of(sources.name(file)));
  }
  sealed_ = true;
  source_ = {};
  files_.clear();
  diagnostics = {};
  return std::exchange(sources, {});
}

std::string directory_of(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string() : std::string(path.substr(0, slash + 1));
}

}  // namespace pveplan::schema
