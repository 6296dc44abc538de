#include "lab/api/areas.hpp"
#include "lab/core/call.hpp"
#include "lab/core/text.hpp"
#include "lab/core/validate.hpp"

#include <map>

namespace pveplan::lab {
namespace {

using schema::Value;

/// Options that are property strings, with their keys. Since g++ 12 cannot move initializer lists,
/// each is built once by a function.
PropertyFormat keys(std::string default_key, std::vector<Parameter> list) {
  return {std::move(list), std::move(default_key)};
}

const PropertyFormat& limits() {
  static const PropertyFormat kFormat =
      keys("", {number("clone").at_least(0).optional(), number("default").at_least(0).optional(),
                number("migration").at_least(0).optional(), number("move").at_least(0).optional(),
                number("restore").at_least(0).optional()});
  return kFormat;
}

const PropertyFormat& scheduling(int major) {
  const auto ours = [](const char* name) {
    return number(name).at_least(0).with("ha-auto-rebalance").optional();
  };
  static const PropertyFormat kEight = keys("", {text("ha").one_of({"basic", "static"}).optional(),
                                                 flag("ha-rebalance-on-start").optional()});
  static const PropertyFormat kNine =
      keys("", {text("ha").one_of({"basic", "static", "dynamic"}).optional(),
                flag("ha-rebalance-on-start").optional(), flag("ha-auto-rebalance").optional(),
                ours("ha-auto-rebalance-hold-duration"), ours("ha-auto-rebalance-margin"),
                ours("ha-auto-rebalance-threshold"),
                text("ha-auto-rebalance-method")
                    .one_of({"bruteforce", "topsis"})
                    .with("ha-auto-rebalance")
                    .optional()});
  return major >= 9 ? kNine : kEight;
}

const PropertyFormat& shutdown_policy() {
  static const PropertyFormat kFormat =
      keys("", {text("shutdown_policy").one_of({"freeze", "failover", "conditional", "migrate"})});
  return kFormat;
}

/// Migration and, from 9 on, replication.
const PropertyFormat& transfer() {
  static const PropertyFormat kFormat = keys(
      "type",
      {text("type").one_of({"secure", "insecure"}), text("network").of_format("CIDR").optional()});
  return kFormat;
}

const PropertyFormat& next_ids() {
  static const PropertyFormat kFormat =
      keys("", {integer("lower").optional(), integer("upper").optional()});
  return kFormat;
}

const PropertyFormat& notify() {
  static const PropertyFormat kFormat =
      keys("", {text("fencing").one_of({"always", "never"}).optional(),
                text("package-updates").one_of({"auto", "always", "never"}).optional(),
                text("replication").one_of({"always", "never"}).optional(),
                text("target-fencing").optional(), text("target-package-updates").optional(),
                text("target-replication").optional()});
  return kFormat;
}

constexpr const char* kTag = "[a-zA-Z0-9_][a-zA-Z0-9_\\-+.]*";

std::string tag_list() { return std::string(kTag) + "(?:;" + kTag + ")*"; }

const PropertyFormat& tag_style() {
  static const std::string kColor = std::string(kTag) + ":[0-9a-fA-F]{6}(?::[0-9a-fA-F]{6})?";
  static const PropertyFormat kFormat =
      keys("", {flag("case-sensitive").optional(),
                text("color-map").matching(kColor + "(?:;" + kColor + ")*").optional(),
                text("ordering").one_of({"config", "alphabetical"}).optional(),
                text("shape").one_of({"full", "circle", "dense", "none"}).optional()});
  return kFormat;
}

const PropertyFormat& second_factor() {
  static const PropertyFormat kFormat =
      keys("", {text("appid").optional(), text("origin").optional()});
  return kFormat;
}

const PropertyFormat& web_authentication() {
  static const PropertyFormat kFormat =
      keys("", {flag("allow-subdomains").optional(), text("id").optional(),
                text("origin").optional(), text("rp").optional()});
  return kFormat;
}

const PropertyFormat& tag_access() {
  static const PropertyFormat kFormat =
      keys("", {text("user-allow").one_of({"none", "list", "existing", "free"}).optional(),
                text("user-allow-list").matching(tag_list()).optional()});
  return kFormat;
}

/// The options that reading gives as objects.
const PropertyFormat* object_format(const std::string& option, int major) {
  static const std::map<std::string, const PropertyFormat* (*)(int)> kFormats{
      {"crs", [](int v) { return &scheduling(v); }},
      {"ha", [](int) { return &shutdown_policy(); }},
      {"migration", [](int) { return &transfer(); }},
      {"replication", [](int) { return &transfer(); }},
      {"next-id", [](int) { return &next_ids(); }},
      {"notify", [](int) { return &notify(); }},
      {"tag-style", [](int) { return &tag_style(); }},
      {"user-tag-access", [](int) { return &tag_access(); }},
      {"u2f", [](int) { return &second_factor(); }},
      {"webauthn", [](int) { return &web_authentication(); }},
  };
  const auto found = kFormats.find(option);
  return found == kFormats.end() ? nullptr : found->second(major);
}

Value shown_option(const std::string& name, const std::string& text, int major) {
  // The description is kept as comment lines, each with its line break.
  if (name == "description") return str(text + "\n");
  if (name == "console" && text == "applet") return str("html5");
  if (name == "max_workers") return num(to_integer(text).value_or(0));
  if (name == "registered-tags") {
    Value::List tags;
    for (const std::string& tag : split_list(text)) tags.push_back(str(tag));
    return Value::list(std::move(tags));
  }
  const PropertyFormat* format = object_format(name, major);
  if (format == nullptr) return str(text);
  const auto parts = parse_property_string(*format, text, name, {major});
  if (!parts) return str(text);
  Value::Fields fields;
  for (const auto& [key, value] : *parts) fields.emplace_back(key, str(value));
  return Value::map(std::move(fields));
}

Reply read_options(Call& call) {
  Value::Fields fields{
      {"description", str("")}, {"mac_prefix", str("BC:24:11")}, {"allowed-tags", Value::list({})}};
  for (const auto& [name, text] : call.world.cluster.options) {
    fields.emplace_back(name, shown_option(name, text, call.major()));
    if (name == "registered-tags")
      fields.emplace_back("allowed-tags", shown_option(name, text, call.major()));
  }
  return Value::map(std::move(fields));
}

Reply set_options(Call& call) {
  auto& options = call.world.cluster.options;
  for (const auto& [name, value] : call.parameters.all()) {
    if (name == "delete") continue;
    if (value.is_null() || scalar_text(value).empty()) {
      options.erase(name);
    } else {
      options[name] = scalar_text(value);
    }
  }
  for (const std::string& name : call.parameters.list("delete")) options.erase(name);
  return Payload{};
}

std::vector<Parameter> option_parameters(int major) {
  std::vector<Parameter> rows{
      text("bwlimit").made_of(limits()).optional(),
      text("consent-text").up_to(65536).optional(),
      text("console").one_of({"applet", "vv", "html5", "xtermjs"}).optional(),
      text("crs").made_of(scheduling(major)).optional(),
      text("delete").of_format("pve-configid-list").optional(),
      text("description").up_to(65536).optional(),
      text("email_from").of_format("email-opt").optional(),
      text("fencing").one_of({"watchdog", "hardware", "both"}).optional(),
      text("ha").made_of(shutdown_policy()).optional(),
      text("http_proxy").matching("http://.*").optional(),
      text("keyboard")
          .one_of({"de",    "de-ch", "da", "en-gb", "en-us", "es", "fi", "fr", "fr-be",
                   "fr-ca", "fr-ch", "hu", "is",    "it",    "ja", "lt", "mk", "nl",
                   "no",    "pl",    "pt", "pt-br", "sv",    "sl", "tr"})
          .optional(),
      text("language")
          .one_of({"ar", "ca",    "da", "de", "en", "es", "eu",  "fa",    "fr",
                   "hr", "he",    "it", "ja", "ka", "kr", "nb",  "nl",    "nn",
                   "pl", "pt_BR", "ru", "sl", "sv", "tr", "ukr", "zh_CN", "zh_TW"})
          .optional(),
      text("location").optional().only_in(9),
      text("mac_prefix").of_format("mac-prefix").optional(),
      integer("max_workers").at_least(1).optional(),
      text("migration").made_of(transfer()).optional(),
      flag("migration_unsecure").optional(),
      text("next-id").made_of(next_ids()).optional(),
      text("notify").made_of(notify()).optional(),
      text("registered-tags").matching(tag_list()).optional(),
      text("replication").made_of(transfer()).optional().only_in(9),
      text("tag-style").made_of(tag_style()).optional(),
      text("u2f").made_of(second_factor()).optional(),
      text("user-tag-access").made_of(tag_access()).optional(),
      text("webauthn").made_of(web_authentication()).optional(),
  };
  return rows;
}

}  // namespace

void add_cluster_option_calls(ApiTable& api) {
  api.get("/cluster/options", read_options).allowed(everyone());
  api.put("/cluster/options", set_options)
      .allowed(needs("/", {"Sys.Modify"}))
      .privileged()
      .takes(option_parameters(api.major()));
}

}  // namespace pveplan::lab
