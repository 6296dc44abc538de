#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace pveplan::lab {

/// A value inside a text that the server draws at random: a UPID, digest, uuid or MAC.
struct DrawnToken {
  std::size_t begin = 0, end = 0;
  std::string kind;
};
std::vector<DrawnToken> drawn_tokens(std::string_view text);

/// What the recording's drawn values are called in the lab: bound where they first appear in an
/// answer, and put into later requests.
class Bindings {
 public:
  /// Drawn-looking values that the client itself sent are no drawn values: they must come back as
  /// they are.
  void note_sent(std::string_view recorded_text);
  /// Puts the lab's values in the place of recorded ones; escaped spellings are found as well.
  std::string substitute(std::string text) const;
  /// Whether the lab's value may stand for the recorded one; binds it when it is new.
  bool agree(const std::string& kind, const std::string& recorded, const std::string& actual);
  bool knows(const std::string& recorded) const { return bound_.contains(recorded); }
  void bind(const std::string& recorded, const std::string& actual) { bound_[recorded] = actual; }

 private:
  std::map<std::string, std::string> bound_;
  std::set<std::string> sent_;
};

}  // namespace pveplan::lab
