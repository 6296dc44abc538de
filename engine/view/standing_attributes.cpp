#include "engine/view/standing_attributes.hpp"

#include "engine/view/text.hpp"

#include <algorithm>

namespace pveplan::view {

using model::Change;
using schema::Path;
using schema::Value;

namespace {

bool begins_with(const Path& path, const Path& start) {
  const auto &steps = path.steps(), &first = start.steps();
  return first.size() <= steps.size() && std::equal(first.begin(), first.end(), steps.begin());
}

class StandingWalk {
 public:
  StandingWalk(const Change& change, const schema::ResourceSchema* schema)
      : change_(change), schema_(schema) {}

  std::vector<StandingAttribute> take(const Value& all) {
    walk(all, Path());
    return std::move(found_);
  }

 private:
  void walk(const Value& value, const Path& path) {
    const auto* attribute = schema_ == nullptr ? nullptr : schema_->object.find(path);
    const auto text = path.empty() ? std::string() : value_text(attribute, value);
    const bool is_table = value.has_fields() && !value.as_fields().empty();
    if (is_told(path)) return;
    if (is_table && text != kSecret) {
      for (const auto& [name, inner] : value.as_fields()) walk(inner, path.child(name));
    } else if (!path.empty()) {
      found_.push_back({path.text(), text});
    }
  }

  bool is_told(const Path& path) const {
    if (path.empty()) return false;
    return std::any_of(change_.attributes.begin(), change_.attributes.end(),
                       [&path](const auto& each) { return begins_with(path, each.path); });
  }

  const Change& change_;
  const schema::ResourceSchema* schema_;
  std::vector<StandingAttribute> found_;
};

}  // namespace

std::vector<StandingAttribute> standing_attributes(const Change& change,
                                                   const schema::ResourceSchema* schema) {
  const bool removes = change.action == model::Action::remove;
  auto found = StandingWalk(change, schema).take(removes ? change.before : change.after);
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return found;
}

}  // namespace pveplan::view
