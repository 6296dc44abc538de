#pragma once

#include <compare>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace pveplan::schema {

/// The type of what stands in a topology for people and other programs, and for no object.
inline constexpr std::string_view kOutputType = "output";

/// Orders keys as people count: "2" before "10", numbers before names.
std::strong_ordering compare_keys(std::string_view a, std::string_view b);

/// The only identity of a resource inside the engine: `vm.db[1]`, or `k3s.prod.server[1]` for a
/// member of a composite. VMIDs, MACs and node names are facts in the state, never identity.
struct ResourceAddress {
  std::string type;
  std::string name;
  std::string member;  ///< member group of a composite; empty for ordinary resources
  std::optional<std::string> key;

  /// The block without its key: `vm.db`.
  ResourceAddress group() const;
  std::string text() const;  ///< canonical: `vm.db[1]`
  bool is_output() const { return type == kOutputType; }
  std::string shell_text() const;  ///< safe in a shell without quotes: `vm.db.1`

  friend std::strong_ordering operator<=>(const ResourceAddress& a, const ResourceAddress& b);
  friend bool operator==(const ResourceAddress&, const ResourceAddress&) = default;
};

/// A keyed part of a resource with an identity of its own: `vm.db[1].disk.data`. It has a row in
/// the state and can outlive its guest.
struct PartAddress {
  ResourceAddress owner;
  std::string kind;  ///< "disk", "nic", "mount"
  std::string name;
  std::optional<std::string> key;  ///< a part with `count` gives `disk.osd[1]` …

  std::string text() const;
  /// `disk.osd[1]`: the part as written inside its resource.
  std::string local_text() const;

  friend std::strong_ordering operator<=>(const PartAddress& a, const PartAddress& b);
  friend bool operator==(const PartAddress&, const PartAddress&) = default;
};

/// Whether a text may be a name or a key: `[A-Za-z0-9_-]+`.
bool is_name(std::string_view text);

/// Parses the canonical form; nullopt when it is none.
std::optional<ResourceAddress> parse_address(std::string_view text);

}  // namespace pveplan::schema

template <>
struct std::hash<pveplan::schema::ResourceAddress> {
  std::size_t operator()(const pveplan::schema::ResourceAddress& address) const noexcept;
};
