#include "providers/pve/resources/bridge/codec.hpp"

#include "model/sha256.hpp"
#include "providers/pve/coerce.hpp"
#include "providers/pve/guest_codec/options.hpp"
#include "providers/pve/resources/bridge/schema.hpp"

#include <algorithm>
#include <sstream>

namespace pveplan::pve {

using schema::Path;
using schema::Value;

namespace {

const std::vector<Option>& bridge_options() {
  static const auto kOptions = [] {
    auto options = options_of(bridge_schema().object);
    std::erase_if(options, [](const Option& option) { return option.key == "iface"; });
    return options;
  }();
  return kOptions;
}

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

/// Lists go with blanks, as they stand in the file.
std::string wire_text(const Option& option, const Value& value) {
  auto text = encode(option, value).value_or("");
  if (option.form == OptionForm::commas) std::replace(text.begin(), text.end(), ',', ' ');
  return text;
}

std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  std::istringstream stream(text);
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

bool holds(const std::vector<std::string>& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

Value sorted_list(const Value& value) {
  if (value.kind() != Value::Kind::list) return value;
  auto items = value.as_list();
  std::sort(items.begin(), items.end(),
            [](const Value& a, const Value& b) { return as_text(&a) < as_text(&b); });
  return Value::list(std::move(items));
}

/// "auto vmbr2" and "iface vmbr2 inet static" name their interface.
std::string stanza_of(std::string_view line) {
  for (const std::string_view word : {"auto ", "iface "}) {
    if (!line.starts_with(word)) continue;
    line.remove_prefix(word.size());
    return std::string(line.substr(0, line.find(' ')));
  }
  return {};
}

}  // namespace

NodeNetwork NodeNetwork::from_api(const Value& data, const Value& rest) {
  NodeNetwork network;
  network.interfaces_ = data;
  network.changes_ = text_of(rest, "changes");
  return network;
}

const Value* NodeNetwork::find(std::string_view iface) const {
  if (interfaces_.kind() != Value::Kind::list) return nullptr;
  for (const auto& entry : interfaces_.as_list()) {
    if (text_of(entry, "iface") == iface) return &entry;
  }
  return nullptr;
}

Value NodeNetwork::surroundings_of(std::string_view iface) const {
  Value::List names;
  Value::Fields ports, fields;
  const bool listed = interfaces_.kind() == Value::Kind::list;
  for (const auto& entry : listed ? interfaces_.as_list() : Value::List()) {
    const auto name = text_of(entry, "iface");
    names.push_back(Value::string(name));
    if (name == iface) continue;
    for (const char* list : {"bridge_ports", "slaves"}) {
      for (auto& port : words_of(text_of(entry, list)))
        ports.emplace_back(std::move(port), Value::string(name));
    }
    for (const char* gateway : {"gateway", "gateway6"}) {
      if (!text_of(entry, gateway).empty()) fields.emplace_back(gateway, Value::string(name));
    }
  }
  fields.emplace_back("interfaces", Value::list(std::move(names)));
  fields.emplace_back("ports", Value::map(std::move(ports)));
  return Value::map(std::move(fields));
}

std::string NodeNetwork::fingerprint() const {
  if (changes_.empty()) return {};
  const auto body = changes_.find("\n@@");
  return model::sha256_hex(body == std::string::npos ? changes_ : changes_.substr(body));
}

std::set<std::string> NodeNetwork::changed() const {
  std::set<std::string> result;
  std::string current = "?";
  for (std::size_t start = 0; start < changes_.size();) {
    const auto end = std::min(changes_.find('\n', start), changes_.size());
    const auto line = std::string_view(changes_).substr(start, end - start);
    start = end + 1;
    if (line.starts_with("---") || line.starts_with("+++")) continue;
    if (line.starts_with("@@")) current = "?";
    if (line.empty() || line.starts_with("@@")) continue;
    const auto text = line.substr(1);
    if (const auto stanza = stanza_of(text); !stanza.empty()) current = stanza;
    const bool blank = text.find_first_not_of(" \t") == text.npos;
    if (line[0] != ' ' && !blank) result.insert(current);
    if (blank && line[0] == ' ') current = "?";  // stanzas are parted by blank lines
  }
  return result;
}

Value bridge_from_api(const Value& entry) {
  Value::Fields fields;
  if (const auto* iface = member(entry, "iface")) fields.emplace_back("iface", *iface);
  for (const auto& option : bridge_options()) {
    const auto text = trimmed(text_of(entry, option.key));
    if (!text.empty()) {
      fields.emplace_back(option.attribute, decode(option, text));
    } else if (option.form == OptionForm::flag) {
      fields.emplace_back(option.attribute, Value::boolean(false));  // absent is off (FACTS 15.4)
    }
  }
  return Value::object(std::move(fields));
}

core::Parameters bridge_parameters(const Value& attributes) {
  core::Parameters parameters{{"type", "bridge"}};
  for (const auto& option : bridge_options()) {
    const auto* value = member(attributes, option.attribute);
    if (value != nullptr) parameters.emplace_back(option.key, wire_text(option, *value));
  }
  return parameters;
}

core::Parameters bridge_update(const Value& live, const Value& attributes,
                               const std::vector<std::string>& reset) {
  auto all = live;
  for (const auto& option : bridge_options()) {  // what is off and not stated need not be said
    if (option.form == OptionForm::flag && !flag_of(live, option.attribute))
      all = all.with(Path({option.attribute}), Value());
  }
  if (attributes.has_fields()) {
    for (const auto& [name, value] : attributes.as_fields()) all = all.with(Path({name}), value);
  }
  std::string gone;
  for (const auto& option : bridge_options()) {
    if (!holds(reset, option.attribute)) continue;
    all = all.with(Path({option.attribute}), Value());
    if (live.find(option.attribute) != nullptr) gone += (gone.empty() ? "" : ",") + option.key;
  }
  auto parameters = bridge_parameters(all);
  if (!gone.empty()) parameters.emplace_back("delete", gone);
  return parameters;
}

bool bridge_matches(const Value& live, const Value& wanted, const std::vector<std::string>& reset) {
  for (const auto& option : bridge_options()) {
    const auto* want = member(wanted, option.attribute);
    const auto* have = member(live, option.attribute);
    if (holds(reset, option.attribute) && have != nullptr) return false;
    if (want == nullptr) continue;
    const bool nothing = option.form == OptionForm::flag && !as_flag(want) && have == nullptr;
    const bool empty = want->kind() == Value::Kind::list && want->as_list().empty();
    if (nothing || (empty && have == nullptr)) continue;
    if (have == nullptr || !(sorted_list(*want) == sorted_list(*have))) return false;
  }
  return true;
}

}  // namespace pveplan::pve
