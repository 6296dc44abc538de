#include "schema/conflicts.hpp"

#include "schema/chosen_values.hpp"
#include "schema/formats.hpp"

#include <fmt/format.h>

#include <set>
#include <string_view>
#include <unordered_map>

namespace pveplan::schema {
namespace {

/// Who has a value first.
struct Claim {
  const Resource* resource = nullptr;
  Path path;
  Span span;
};

struct ClaimKind {
  Choice choice;
  std::string_view summary;
  std::string_view words;
  std::string_view cure;
};

constexpr ClaimKind kVmid = {Choice::vmid, "VMID used twice", "the VMID",
                             "VMIDs are unique in a cluster."};
constexpr ClaimKind kMac = {Choice::mac, "MAC used twice", "the MAC address",
                            "Two NICs with one MAC take each other's packets."};
constexpr ClaimKind kAddress = {Choice::address, "Address used twice", "the address",
                                "Two guests cannot have one address in one network."};
constexpr ClaimKind kName = {Choice::instance_name, "Name used twice", "the name",
                             "One of them needs another name."};

std::string text_of(const Value& value) {
  return value.is_string() ? value.as_string() : std::to_string(value.as_integer());
}

class ConflictFinder {
 public:
  explicit ConflictFinder(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  void add(const Resource& resource) {
    for (const auto& chosen : chosen_values(resource, Choice::vmid)) {
      claim(kVmid, resource, chosen.path, text_of(chosen.value), text_of(chosen.value));
    }
    for (const auto& chosen : chosen_values(resource, Choice::mac)) {
      claim(kMac, resource, chosen.path, text_of(chosen.value), text_of(chosen.value));
    }
    for (const auto& chosen : chosen_values(resource, Choice::address)) {
      add_address(resource, chosen);
    }
    add_name(resource);
  }

 private:
  /// The same address in two networks that do not touch each other is no conflict.
  void add_address(const Resource& resource, const ChosenValue& chosen) {
    const auto text = text_of(chosen.value);
    const auto slash = text.find('/');
    if (slash == std::string::npos) return;
    const auto address = text.substr(0, slash);
    std::string scope = address;
    for (const char* link : {"bridge", "vlan"}) {
      const auto* value = chosen.part == nullptr ? nullptr : chosen.part->find(link);
      const bool settled = value != nullptr && !value->is_unknown() && !value->contains_reference();
      scope += "|" + (settled ? text_of(*value) : std::string());
    }
    claim(kAddress, resource, chosen.path, scope, address);
  }

  void add_name(const Resource& resource) {
    for (const auto& attribute : resource.schema->object.attributes) {
      if (attribute.choice != Choice::instance_name) continue;
      const auto* stated = resource.attributes.find(attribute.name);
      if (stated != nullptr && !stated->is_string()) return;
      if (stated == nullptr && attribute.format == Format::none) return;
      const auto name = stated != nullptr ? stated->as_string() : default_name(resource);
      if (stated == nullptr && !check_default(resource, attribute, name)) return;
      const bool per_node = resource.schema->instances != Instances::single;
      const auto node = per_node ? resource.address.key.value_or("") : std::string();
      claim(kName, resource, Path({attribute.name}),
            resource.address.type + "|" + node + "|" + name, name);
    }
  }

  bool check_default(const Resource& resource, const AttributeSchema& attribute,
                     const std::string& name) {
    if (check_format(attribute.format, name)) return true;
    if (!reported_.insert(resource.span.begin).second) return false;
    diagnostics_.add(error(
        "Name not possible in Proxmox",
        fmt::format("{} would be called \"{}\", which is not {}. State another one with "
                    "`{}`.",
                    resource.address.text(), name, format_words(attribute.format), attribute.name),
        resource.span));
    return false;
  }

  void claim(const ClaimKind& kind, const Resource& resource, const Path& path,
             const std::string& scope, const std::string& shown) {
    const auto key = fmt::format("{}|{}", static_cast<int>(kind.choice), scope);
    const auto span = resource.span_of(path);
    const auto [at, is_new] = claims_.emplace(key, Claim{&resource, path, span});
    if (is_new) return;
    const auto& first = at->second;
    const bool same_text = first.span == span;
    if (same_text && !reported_.insert(span.begin).second) return;
    diagnostics_.add(same_text ? one_text(kind, resource, span, shown)
                               : two_texts(kind, first, resource, span, shown));
  }

  static Diagnostic one_text(const ClaimKind& kind, const Resource& resource, Span span,
                             const std::string& shown) {
    return error(std::string(kind.summary),
                 fmt::format("All instances of {} get {} {}. {} State it in each.KEY, or build it "
                             "with ${{each.key}}, or leave it out.",
                             resource.address.group().text(), kind.words, shown, kind.cure),
                 span);
  }

  static Diagnostic two_texts(const ClaimKind& kind, const Claim& first, const Resource& resource,
                              Span span, const std::string& shown) {
    const auto who = first.resource == &resource ? resource.address.text() + " itself"
                                                 : first.resource->address.text();
    auto diagnostic = error(std::string(kind.summary),
                            fmt::format("{} and {} both have {} {}. {}", resource.address.text(),
                                        who, kind.words, shown, kind.cure),
                            span);
    diagnostic.notes.push_back(
        {fmt::format("{} has it here", first.resource->address.text()), first.span});
    return diagnostic;
  }

  Diagnostics& diagnostics_;
  std::unordered_map<std::string, Claim> claims_;
  std::set<std::uint32_t> reported_;
};

}  // namespace

std::string default_name(const Resource& resource) {
  const auto& address = resource.address;
  const bool per_node = resource.schema->instances != Instances::single;
  return address.key && !per_node ? address.name + "-" + *address.key : address.name;
}

void find_conflicts(const Topology& topology, const std::vector<Resource>& previews,
                    Diagnostics& diagnostics) {
  ConflictFinder finder(diagnostics);
  std::set<ResourceAddress> previewed;
  for (const auto& preview : previews) {
    finder.add(preview);
    previewed.insert(preview.address.group());
  }
  for (const auto& resource : topology.resources) {
    if (resource.unexpanded() && previewed.contains(resource.address)) continue;
    finder.add(resource);
  }
}

}  // namespace pveplan::schema
