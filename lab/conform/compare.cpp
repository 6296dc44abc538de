#include "lab/conform/compare.hpp"

#include "lab/core/text.hpp"
#include "schema/json.hpp"

#include <fmt/format.h>

#include <regex>
#include <set>

namespace pveplan::lab {
namespace {

using schema::Value;

/// Values of the moment: only their kind is compared.
bool is_momentary(const std::string& key) {
  static const std::set<std::string> kKeys{
      "pid",       "pstart", "starttime", "endtime", "ctime",         "snaptime", "time",
      "localtime", "cpu",    "mem",       "disk",    "uptime",        "loadavg",  "avail",
      "available", "used",   "free",      "total",   "used_fraction", "maxuptime"};
  return kKeys.contains(key);
}

bool is_number(const Value& value) {
  return value.kind() == Value::Kind::integer || value.kind() == Value::Kind::decimal;
}

bool is_numeric_text(const Value& value) {
  return value.is_string() && matches(value.as_string(), "[0-9]+(\\.[0-9]+)?");
}

/// A text without its drawn values, and those in order.
struct Skeleton {
  std::string text;
  std::vector<std::pair<std::string, std::string>> drawn;  ///< kind and value
};

Skeleton skeleton_of(const std::string& text) {
  Skeleton skeleton;
  std::size_t at = 0;
  for (const DrawnToken& token : drawn_tokens(text)) {
    skeleton.text += text.substr(at, token.begin - at) + "<" + token.kind + ">";
    skeleton.drawn.emplace_back(token.kind, text.substr(token.begin, token.end - token.begin));
    at = token.end;
  }
  skeleton.text += text.substr(at);
  return skeleton;
}

/// What wget writes of the moment, and the process in a temporary file's name.
std::string without_download_traces(std::string text) {
  static const std::regex kDownload("\\.tmp_dwnl\\.[0-9]+");
  static const std::regex kMoment("^(--)?[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}(?=--| ERROR)");
  if (text.find(".tmp_dwnl.") != std::string::npos)
    text = std::regex_replace(text, kDownload, ".tmp_dwnl.#");
  if (text.starts_with("--2") || text.find(" ERROR ") != std::string::npos)
    text = std::regex_replace(text, kMoment, "#");
  return text;
}

/// Times inside texts that the moment decides: `meta`, the header of a network diff, log rates.
std::string without_moments(const std::string& key, std::string text) {
  static const std::regex kNumber("[0-9]+(\\.[0-9]+)*");
  static const std::regex kStamp("[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:.]+ [+-][0-9]{4}");
  if (key == "meta") return std::regex_replace(text, kNumber, "#");
  if (key == "changes") return std::regex_replace(text, kStamp, "#");
  return without_download_traces(std::move(text));
}

bool agree_all(const Skeleton& recorded, const Skeleton& actual, Bindings& bindings) {
  for (std::size_t i = 0; i < recorded.drawn.size(); ++i) {
    if (!bindings.agree(recorded.drawn[i].first, recorded.drawn[i].second,
                        actual.drawn[i].second)) {
      return false;
    }
  }
  return true;
}

std::vector<std::string> sorted_pieces(const std::string& text) {
  std::vector<std::string> pieces = split(text, ',');
  for (std::string& piece : pieces) piece = std::string(trim(piece));
  std::sort(pieces.begin(), pieces.end(), [](const std::string& a, const std::string& b) {
    return skeleton_of(a).text < skeleton_of(b).text;
  });
  return pieces;
}

/// Lines of a task log that tell progress or speed: how many there are depends on the disks.
bool is_progress(const std::string& line) {
  static const std::regex kProgress(
      "[0-9]%|[KMG]iB/s|[KMG]B/s|transferred [0-9]|^ *[0-9]+ +[0-9.]+|\\([0-9.]+ ?s\\)| in "
      "[0-9]+(\\.[0-9]+)? ?s");
  return std::regex_search(line, kProgress);
}

bool is_log_line(const Value& value) {
  return value.has_fields() && value.as_fields().size() == 2 && value.find("n") != nullptr &&
         value.find("t") != nullptr && value.find("t")->is_string();
}

class Comparer {
 public:
  Comparer(Bindings& bindings, std::vector<std::string>& differences)
      : bindings_(bindings), differences_(differences) {}

  void compare(const std::string& path, const std::string& key, const Value& recorded,
               const Value& actual) {
    if (recorded == Value::string("REDACTED")) {
      if (!actual.is_string() || actual.as_string().empty()) report(path, recorded, actual);
      return;
    }
    if (is_momentary(key) && same_shape(recorded, actual)) return;
    if (recorded.has_fields() && actual.has_fields()) return compare_fields(path, recorded, actual);
    if (recorded.kind() == Value::Kind::list && actual.kind() == Value::Kind::list) {
      return compare_lists(path, key, recorded, actual);
    }
    if (recorded.is_string() && actual.is_string()) {
      if (!same_text(key, recorded.as_string(), actual.as_string(), bindings_))
        report(path, recorded, actual);
      return;
    }
    if (recorded != actual) report(path, recorded, actual);
  }

 private:
  static std::string shown(const Value& value) {
    std::string text = schema::to_json(value);
    return text.size() > 300 ? text.substr(0, 300) + "…" : text;
  }

  void report(const std::string& path, const Value& recorded, const Value& actual) {
    differences_.push_back(
        fmt::format("{}: recorded {}, lab {}", path, shown(recorded), shown(actual)));
  }

  static bool same_shape(const Value& recorded, const Value& actual) {
    if (is_number(recorded)) return is_number(actual);
    if (is_numeric_text(recorded)) return is_numeric_text(actual);
    if (recorded.kind() == Value::Kind::list && actual.kind() == Value::Kind::list) {
      return recorded.as_list().size() == actual.as_list().size();
    }
    return false;
  }

  /// A row `{key, value}` stands for a field of that name.
  static std::string field_name(const std::string& name, const Value& fields) {
    const Value* key = fields.find("key");
    const bool row = key != nullptr && key->is_string() && (name == "value" || name == "pending");
    return row ? key->as_string() : name;
  }

  void compare_fields(const std::string& path, const Value& recorded, const Value& actual) {
    for (const auto& [name, value] : recorded.as_fields()) {
      const Value* other = actual.find(name);
      if (other == nullptr) {
        differences_.push_back(
            fmt::format("{}.{}: recorded {}, absent in the lab", path, name, shown(value)));
      } else {
        compare(path + "." + name, field_name(name, recorded), value, *other);
      }
    }
    for (const auto& [name, value] : actual.as_fields()) {
      if (recorded.find(name) == nullptr) {
        differences_.push_back(fmt::format("{}.{}: only in the lab: {}", path, name, shown(value)));
      }
    }
  }

  /// Whether two elements are the same; keeps the bindings only then.
  bool try_match(const std::string& key, const Value& recorded, const Value& actual) {
    Bindings trial = bindings_;
    std::vector<std::string> found;
    Comparer(trial, found).compare("", key, recorded, actual);
    if (!found.empty()) return false;
    bindings_ = std::move(trial);
    return true;
  }

  /// Entries about tasks that the file did not start were there before it.
  bool is_older(const Value& element) const {
    const std::string text = schema::to_json(element);
    for (const DrawnToken& token : drawn_tokens(text)) {
      if (token.kind != "upid") continue;
      if (!bindings_.knows(text.substr(token.begin, token.end - token.begin))) return true;
    }
    return false;
  }

  static bool mentions_task(const Value& element) {
    return element.has_fields() &&
           (element.find("upid") != nullptr || element.find("msg") != nullptr);
  }

  static std::vector<Value> comparable(const Value& list) {
    std::vector<Value> elements;
    for (const Value& element : list.as_list()) {
      if (is_log_line(element)) {
        if (!is_progress(element.find("t")->as_string())) elements.push_back(*element.find("t"));
      } else {
        elements.push_back(element);
      }
    }
    return elements;
  }

  void compare_lists(const std::string& path, const std::string& key, const Value& recorded,
                     const Value& actual) {
    std::vector<Value> left = comparable(actual);
    std::vector<Value> missing;
    for (const Value& element : comparable(recorded)) {
      const auto same = std::find_if(left.begin(), left.end(), [&](const Value& other) {
        return try_match(key, element, other);
      });
      if (same != left.end()) {
        left.erase(same);
      } else if (!(mentions_task(element) && is_older(element))) {
        missing.push_back(element);
      }
    }
    report_rest(path, key, missing, left);
  }

  void report_rest(const std::string& path, const std::string& key,
                   const std::vector<Value>& missing, const std::vector<Value>& extra) {
    if (missing.size() == 1 && extra.size() == 1)
      return compare(path + "[]", key, missing[0], extra[0]);
    for (const Value& element : missing) {
      differences_.push_back(fmt::format("{}[]: absent in the lab: {}", path, shown(element)));
    }
    for (const Value& element : extra) {
      differences_.push_back(fmt::format("{}[]: only in the lab: {}", path, shown(element)));
    }
  }

  Bindings& bindings_;
  std::vector<std::string>& differences_;
};

}  // namespace

void compare_values(const Value& recorded, const Value& actual, Bindings& bindings,
                    std::vector<std::string>& differences) {
  Comparer(bindings, differences).compare("body", "", recorded, actual);
}

bool same_text(const std::string& key, const std::string& recorded, const std::string& actual,
               Bindings& bindings) {
  const Skeleton a = skeleton_of(without_moments(key, recorded));
  const Skeleton b = skeleton_of(without_moments(key, actual));
  if (a.text == b.text) return agree_all(a, b, bindings);
  if (recorded.find(',') == std::string::npos) return false;
  const auto left = sorted_pieces(without_moments(key, recorded));
  const auto right = sorted_pieces(without_moments(key, actual));
  if (left.size() != right.size()) return false;
  for (std::size_t i = 0; i < left.size(); ++i) {
    const Skeleton x = skeleton_of(left[i]);
    const Skeleton y = skeleton_of(right[i]);
    if (x.text != y.text || !agree_all(x, y, bindings)) return false;
  }
  return true;
}

}  // namespace pveplan::lab
