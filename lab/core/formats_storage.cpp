#include "lab/core/formats_storage.hpp"

#include "lab/core/formats.hpp"
#include "lab/core/parameter.hpp"
#include "lab/core/text.hpp"
#include "lab/core/validate.hpp"

#include <fmt/format.h>

namespace pveplan::lab {
namespace {

using Problem = std::optional<std::string>;

Problem problem_if(bool wrong, const char* complaint) {
  return wrong ? Problem{complaint} : Problem{};
}

Problem check_path(const std::string& text, int) {
  return problem_if(!matches(text, "/[A-Za-z0-9_@.,/ ()\\-]*"),
                    "value does not look like a valid absolute path");
}

Problem check_server(const std::string& text, int major) {
  const bool good = !check_format("ip", text, major) || !check_format("dns-name", text, major);
  return problem_if(!good, "value does not look like a valid server name or IP address");
}

/// A server with or without a port.
Problem check_portal(const std::string& text, int major) {
  const auto colon = text.rfind(':');
  const bool with_port =
      colon != std::string::npos && matches(text.substr(colon + 1), "[0-9]{1,5}");
  const bool good =
      !check_server(text, major) || (with_port && !check_server(text.substr(0, colon), major));
  return problem_if(!good, "value does not look like a valid portal address");
}

Problem check_mount_options(const std::string& text, int) {
  return problem_if(!matches(text, "[^\\s]+"), "value does not look like valid mount options");
}

Problem check_group(const std::string& text, int) {
  return problem_if(!matches(text, "[A-Za-z0-9_.+\\-]+"),
                    "lvm volume group name contains illegal characters");
}

Problem check_override(const std::string& text, int) {
  return problem_if(!matches(text, "[a-z]+=[^=]+"), "invalid override");
}

Problem check_retention(const std::string& text, int major) {
  const auto keep = [](const char* name) { return integer(name).at_least(0).optional(); };
  static const PropertyFormat kFormat{
      {flag("keep-all").optional(), keep("keep-daily"), keep("keep-hourly"), keep("keep-last"),
       keep("keep-monthly"), keep("keep-weekly"), keep("keep-yearly")},
      ""};
  const auto parsed = parse_property_string(kFormat, text, "", {major});
  if (parsed) return {};
  return std::string(trim(parsed.error().message));
}

}  // namespace

const std::map<std::string, FormatCheck>& storage_formats() {
  static const std::map<std::string, FormatCheck> kChecks{
      {"pve-storage-path", check_path},         {"pve-storage-server", check_server},
      {"pve-storage-portal-dns", check_portal}, {"pve-storage-options", check_mount_options},
      {"pve-storage-vgname", check_group},      {"pve-dir-override", check_override},
      {"prune-backups", check_retention},
  };
  return kChecks;
}

}  // namespace pveplan::lab
