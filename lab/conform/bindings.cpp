#include "lab/conform/bindings.hpp"

#include "lab/core/tasks.hpp"
#include "lab/core/text.hpp"

#include <regex>

namespace pveplan::lab {
namespace {

struct Shape {
  const char* kind;
  std::regex pattern;
};

/// Longer shapes first: a fingerprint is no row of MACs.
const std::vector<Shape>& shapes() {
  static const std::vector<Shape> kShapes{
      {"upid",
       std::regex(
           "UPID:[^:\\s]*:[0-9A-F]{8}:[0-9A-F]{8,9}:[0-9A-F]{8}:[^:\\s]*:[^:\\s]*:[^:\\s]+:")},
      {"fingerprint", std::regex("\\b([0-9A-F]{2}:){31}[0-9A-F]{2}\\b")},
      {"checksum", std::regex("\\b[0-9a-f]{64}\\b")},
      {"upload", std::regex("pveupload-[0-9a-f]{32}\\b")},
      {"uuid", std::regex("\\b[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\\b")},
      {"digest", std::regex("\\b[0-9a-f]{40}\\b")},
      {"mac", std::regex("\\b([0-9A-F]{2}:){5}[0-9A-F]{2}\\b")},
  };
  return kShapes;
}

bool overlaps(const std::vector<DrawnToken>& tokens, std::size_t begin, std::size_t end) {
  return std::any_of(tokens.begin(), tokens.end(), [&](const DrawnToken& token) {
    return begin < token.end && token.begin < end;
  });
}

/// The parts of a UPID that are not drawn.
bool same_task(const std::string& recorded, const std::string& actual) {
  const auto a = parse_upid(recorded);
  const auto b = parse_upid(actual);
  return a && b && a->node == b->node && a->type == b->type && a->id == b->id && a->user == b->user;
}

}  // namespace

std::vector<DrawnToken> drawn_tokens(std::string_view text) {
  std::vector<DrawnToken> tokens;
  if (text.size() < 17) return tokens;
  for (const Shape& shape : shapes()) {
    using Iterator = std::regex_iterator<std::string_view::const_iterator>;
    for (Iterator it(text.begin(), text.end(), shape.pattern); it != Iterator(); ++it) {
      const auto begin = static_cast<std::size_t>(it->position());
      const auto end = begin + static_cast<std::size_t>(it->length());
      if (!overlaps(tokens, begin, end)) tokens.push_back({begin, end, shape.kind});
    }
  }
  std::sort(tokens.begin(), tokens.end(),
            [](const DrawnToken& a, const DrawnToken& b) { return a.begin < b.begin; });
  return tokens;
}

void Bindings::note_sent(std::string_view recorded_text) {
  for (const DrawnToken& token : drawn_tokens(recorded_text)) {
    std::string value(recorded_text.substr(token.begin, token.end - token.begin));
    if (!bound_.contains(value)) sent_.insert(std::move(value));
  }
}

std::string Bindings::substitute(std::string text) const {
  for (const auto& [recorded, actual] : bound_) {
    text = replace_all(std::move(text), recorded, actual);
    text = replace_all(std::move(text), percent_encode(recorded), percent_encode(actual));
  }
  return text;
}

bool Bindings::agree(const std::string& kind, const std::string& recorded,
                     const std::string& actual) {
  if (kind == "fingerprint") return true;
  if (sent_.contains(recorded)) return recorded == actual;
  if (const auto found = bound_.find(recorded); found != bound_.end())
    return found->second == actual;
  if (kind == "upid" && !same_task(recorded, actual)) return false;
  bound_[recorded] = actual;
  return true;
}

}  // namespace pveplan::lab
