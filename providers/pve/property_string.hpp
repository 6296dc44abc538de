#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pveplan::pve {

/// How one kind of property string names its parts (formats of the API schema).
struct PropertyFormat {
  std::string default_key;                     ///< the key whose name may be left out; or empty
  std::map<std::string, std::string> aliases;  ///< other names of keys
  /// A key that is not known otherwise stands for two parts: `virtio=MAC` says the model and the
  /// MAC. Empty where there is none such.
  std::string name_key;   ///< gets the name: "model"
  std::string value_key;  ///< gets the value: "macaddr"
  std::vector<std::string> name_values;
};

const PropertyFormat& drive_format();
const PropertyFormat& net_format();
const PropertyFormat& agent_format();
const PropertyFormat& cpu_format();
/// For strings without a default key: ipconfigN, smbios1, boot …
const PropertyFormat& plain_format();

/// `a=1,b=2`: parsed, changed and printed again. Keys that nobody knows are kept as they came.
class PropertyString {
 public:
  PropertyString() {}
  explicit PropertyString(const PropertyFormat& format) : format_(&format) {}
  static PropertyString parse(std::string_view text, const PropertyFormat& format);

  const std::string* find(std::string_view key) const;
  std::string text(std::string_view key) const;  ///< empty when absent
  void set(const std::string& key, std::string value);
  void erase(std::string_view key);
  bool empty() const { return parts_.empty(); }
  const std::vector<std::pair<std::string, std::string>>& parts() const { return parts_; }

  /// As the server prints it: the default key first and without its name, the rest sorted.
  std::string print() const;

  friend bool operator==(const PropertyString& a, const PropertyString& b) {
    return a.print() == b.print();
  }

 private:
  const PropertyFormat* format_ = &plain_format();
  std::vector<std::pair<std::string, std::string>> parts_;  ///< sorted by key, each once
};

}  // namespace pveplan::pve
