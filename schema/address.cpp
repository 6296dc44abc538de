#include "schema/address.hpp"

#include <algorithm>
#include <cctype>
#include <vector>

namespace pveplan::schema {
namespace {

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](unsigned char c) { return std::isdigit(c) != 0; });
}

std::string bracketed(const std::optional<std::string>& key) {
  return key ? "[" + *key + "]" : std::string();
}

std::strong_ordering compare_optional_keys(const std::optional<std::string>& a,
                                           const std::optional<std::string>& b) {
  if (a && b) return compare_keys(*a, *b);
  return a.has_value() <=> b.has_value();
}

}  // namespace

std::strong_ordering compare_keys(std::string_view a, std::string_view b) {
  const bool a_number = is_number(a);
  const bool b_number = is_number(b);
  if (a_number != b_number)
    return a_number ? std::strong_ordering::less : std::strong_ordering::greater;
  if (a_number) {
    const auto significant = [](std::string_view text) {
      const auto first = text.find_first_not_of('0');
      return first == std::string_view::npos ? std::string_view() : text.substr(first);
    };
    const auto x = significant(a);
    const auto y = significant(b);
    if (x.size() != y.size()) return x.size() <=> y.size();
    if (const auto order = x.compare(y); order != 0) return order <=> 0;
  }
  return a.compare(b) <=> 0;
}

ResourceAddress ResourceAddress::group() const {
  auto result = *this;
  result.key.reset();
  return result;
}

std::string ResourceAddress::text() const {
  auto result = type + "." + name;
  if (!member.empty()) result += "." + member;
  return result + bracketed(key);
}

std::string ResourceAddress::shell_text() const {
  auto result = type + "." + name;
  if (!member.empty()) result += "." + member;
  if (key) result += "." + *key;
  return result;
}

std::strong_ordering operator<=>(const ResourceAddress& a, const ResourceAddress& b) {
  if (const auto order = a.type.compare(b.type); order != 0) return order <=> 0;
  if (const auto order = a.name.compare(b.name); order != 0) return order <=> 0;
  if (const auto order = a.member.compare(b.member); order != 0) return order <=> 0;
  return compare_optional_keys(a.key, b.key);
}

std::string PartAddress::text() const { return owner.text() + "." + local_text(); }

std::string PartAddress::local_text() const { return kind + "." + name + bracketed(key); }

std::strong_ordering operator<=>(const PartAddress& a, const PartAddress& b) {
  if (const auto order = a.owner <=> b.owner; order != 0) return order;
  if (const auto order = a.kind.compare(b.kind); order != 0) return order <=> 0;
  if (const auto order = a.name.compare(b.name); order != 0) return order <=> 0;
  return compare_optional_keys(a.key, b.key);
}

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-';
  });
}

std::optional<ResourceAddress> parse_address(std::string_view text) {
  ResourceAddress result;
  if (!text.empty() && text.back() == ']') {
    const auto open = text.find('[');
    if (open == std::string_view::npos) return std::nullopt;
    const auto key = text.substr(open + 1, text.size() - open - 2);
    if (!is_name(key)) return std::nullopt;
    result.key = std::string(key);
    text = text.substr(0, open);
  }
  std::vector<std::string_view> segments;
  for (std::size_t start = 0;;) {
    const auto dot = text.find('.', start);
    segments.push_back(text.substr(start, dot == std::string_view::npos ? dot : dot - start));
    if (dot == std::string_view::npos) break;
    start = dot + 1;
  }
  if (segments.size() < 2 || segments.size() > 3) return std::nullopt;
  if (!std::all_of(segments.begin(), segments.end(), is_name)) return std::nullopt;
  result.type = segments[0];
  result.name = segments[1];
  if (segments.size() == 3) result.member = segments[2];
  return result;
}

}  // namespace pveplan::schema

std::size_t std::hash<pveplan::schema::ResourceAddress>::operator()(
    const pveplan::schema::ResourceAddress& address) const noexcept {
  const std::hash<std::string> hash_text;
  std::size_t result = hash_text(address.type);
  const auto mix = [&result](std::size_t value) {
    result ^= value + 0x9e3779b97f4a7c15ULL + (result << 6) + (result >> 2);
  };
  mix(hash_text(address.name));
  mix(hash_text(address.member));
  if (address.key) mix(hash_text(*address.key) + 1);
  return result;
}
