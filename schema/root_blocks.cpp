#include "schema/root_blocks.hpp"

#include "schema/blocks.hpp"
#include "schema/convert.hpp"
#include "schema/merge.hpp"
#include "schema/state_backend.hpp"
#include "schema/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace pveplan::schema {
namespace {

using Version = std::array<int, 3>;

std::optional<Version> parse_version(std::string_view text) {
  Version version{};
  for (std::size_t i = 0; i < version.size() && !text.empty(); ++i) {
    const auto dot = std::min(text.find('.'), text.size());
    const auto [end, code] = std::from_chars(text.data(), text.data() + dot, version[i]);
    if (dot == 0 || code != std::errc() || end != text.data() + dot) return std::nullopt;
    text.remove_prefix(std::min(dot + 1, text.size()));
    if (text.empty()) return version;
  }
  return std::nullopt;
}

std::optional<bool> satisfies_one(const Version& version, std::string_view condition) {
  static constexpr std::array<std::string_view, 5> kOperators = {">=", "<=", ">", "<", "="};
  while (condition.starts_with(' ')) condition.remove_prefix(1);
  const auto at = std::find_if(kOperators.begin(), kOperators.end(),
                               [condition](auto each) { return condition.starts_with(each); });
  if (at == kOperators.end()) return std::nullopt;
  condition.remove_prefix(at->size());
  while (condition.starts_with(' ')) condition.remove_prefix(1);
  const auto wanted = parse_version(condition);
  if (!wanted) return std::nullopt;
  if (*at == ">=") return version >= *wanted;
  if (*at == "<=") return version <= *wanted;
  if (*at == ">") return version > *wanted;
  if (*at == "<") return version < *wanted;
  return version == *wanted;
}

IntegerRange to_range(const std::string& text) {
  const auto hyphen = text.find('-');
  IntegerRange range;
  std::from_chars(text.data(), text.data() + std::min(hyphen, text.size()), range.first);
  range.last = range.first;
  if (hyphen != std::string::npos) {
    std::from_chars(text.data() + hyphen + 1, text.data() + text.size(), range.last);
  }
  return range;
}

/// One text, or a list of texts.
std::vector<std::string> to_texts(const Value* value) {
  std::vector<std::string> result;
  if (value == nullptr) return result;
  if (value->is_string()) result.push_back(value->as_string());
  if (value->kind() != Value::Kind::list) return result;
  for (const auto& item : value->as_list()) {
    if (item.is_string()) result.push_back(item.as_string());
  }
  return result;
}

void check_requires(DecodeContext& context, const Node& table, const Value& fields,
                    const LoadRequest& request) {
  const auto* condition = fields.find("requires");
  if (condition == nullptr || !condition->is_string()) return;
  const auto fits = satisfies(request.program_version, condition->as_string());
  const auto span = span_of(table, "requires");
  if (!fits) {
    context.diagnostics.add(error(
        "Invalid value",
        fmt::format("\"{}\" is no condition on versions: write \">=0.1\".", condition->as_string()),
        span));
  } else if (!*fits) {
    context.diagnostics.add(error("Other version needed",
                                  fmt::format("The topology requires pveplan {}; this is {}.",
                                              condition->as_string(), request.program_version),
                                  span));
  }
}

void check_endpoint(DecodeContext& context, const std::string& endpoint, Span span) {
  const auto rest = endpoint.starts_with("https://") ? endpoint.substr(8) : std::string();
  const bool fits = !rest.empty() && rest.find_first_of("/?# ") == std::string::npos;
  if (fits) return;
  context.diagnostics.add(
      error("Invalid value",
            fmt::format("\"{}\" is no address of a Proxmox VE server: write \"https://HOST:8006\".",
                        endpoint),
            span));
}

/// Values that are unknown had their error already.
void read_connection(DecodeContext& context, const Node& table, const Value& fields,
                     Connection& connection) {
  connection.endpoints = to_texts(fields.find("endpoint"));
  for (const auto& endpoint : connection.endpoints) {
    check_endpoint(context, endpoint, context.narrow(span_of(table, "endpoint"), endpoint));
  }
  if (const auto* tls = fields.find("tls")) {
    connection.fingerprints = to_texts(tls->find("fingerprint"));
    const auto* file = tls->find("ca_file");
    if (file != nullptr && file->is_string()) {
      connection.ca_file = context.resolve_path(file->as_string(), table.span.file);
    }
    const auto* insecure = tls->find("insecure");
    connection.insecure =
        insecure != nullptr && insecure->kind() == Value::Kind::boolean && insecure->as_boolean();
  }
  connection.token = secret_source(fields.find("token"), span_of(table, "token"));
  if (const auto* login = fields.find("login")) {
    const auto* user = login->find("user");
    if (user != nullptr && user->is_string()) connection.login_user = user->as_string();
    connection.login_password = secret_source(login->find("password"), span_of(table, "login"));
  }
}

ObjectSchema tls_schema() {
  const auto fingerprint = one_of({string(), list_of(string())});
  return ObjectBuilder()
      .add(attr("fingerprint", fingerprint)
               .matches("[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){31}",
                        "the SHA-256 fingerprint of a certificate (32 pairs joined by colons)")
               .doc("SHA-256 of the server's certificate, or a list of such."))
      .add(attr("ca_file", string())
               .doc("The certificate that signed the server's, such as pve-root-ca.pem. Without "
                    "any of the three the certificates of the system count."))
      .add(
          attr("insecure", boolean())
              .doc("Accepts any certificate. Every run warns, since anyone in between can read the "
                   "token."))
      .constraint({CrossConstraint::Kind::at_most_one_of,
                   {"fingerprint", "ca_file", "insecure"},
                   "They are three ways to know the server."})
      .build();
}

ObjectSchema login_schema() {
  return ObjectBuilder()
      .add(attr("user", string()).required().doc("The user with its realm, such as root@pam."))
      .add(attr("password", secret()).required().doc("The password, by reference."))
      .build();
}

}  // namespace

std::optional<bool> satisfies(std::string_view version, std::string_view condition) {
  const auto held = parse_version(version);
  if (!held) return std::nullopt;
  bool result = true;
  for (;;) {
    const auto comma = std::min(condition.find(','), condition.size());
    const auto one = satisfies_one(*held, condition.substr(0, comma));
    if (!one) return std::nullopt;
    result = result && *one;
    if (comma == condition.size()) return result;
    condition.remove_prefix(comma + 1);
  }
}

const ObjectSchema& pveplan_block_schema() {
  static const auto kSchema =
      ObjectBuilder()
          .add(attr("name", string())
                   .required()
                   .format(Format::name)
                   .max_length(50)  // "pveplan-kept-NAME" must be the name of a guest
                   .doc("The name of the topology, of at most 50 characters: it marks what the "
                        "topology owns, and is typed to confirm a destroy."))
          .add(attr("requires", string())
                   .doc("The versions of pveplan that may be used: \">=0.1\"."))
          .add(attr("include", list_of(string()))
                   .doc("More files that belong to the topology: names, or globs such as "
                        "\"../common/*.toml\", relative to the file that includes them."))
          .add(attr("vmids", list_of(string()))
                   .format(Format::integer_range)
                   .doc("Where new VMIDs come from: numbers and ranges. Without it, the cluster's "
                        "own range."))
          .add(attr("state", any()).doc("Where the state is kept: { backend = \"local\" } or \"http\"."))
          .add(attr("secret_key", secret())
                   .doc("The key for digests of secrets. Without it, a file in the user's "
                        "configuration folder."))
          .build();
  return kSchema;
}

const ObjectSchema& proxmox_block_schema() {
  static const std::string kNoSsh = "pveplan makes no SSH connection yet. Take it out.";
  static const auto kSchema =
      ObjectBuilder()
          .add(attr("endpoint", one_of({string(), list_of(string())}))
                   .required()
                   .doc("The address of the server, or of several nodes of one cluster."))
          .add(attr("tls", object_of(tls_schema())).doc("How the server is known."))
          .add(attr("token", secret()).doc("An API token, by reference: USER@REALM!NAME=SECRET."))
          .add(attr("login", object_of(login_schema())).doc("A user and a password."))
          .add(attr("ssh", any()).doc("How nodes are reached by SSH.").later(kNoSsh))
          .add(attr("node", any()).doc("How single nodes are reached.").later(kNoSsh))
          .constraint({CrossConstraint::Kind::exactly_one_of, {"token", "login"}, {}})
          .build();
  return kSchema;
}

void decode_pveplan_block(DecodeContext& context, const Node& root, const LoadRequest& request,
                          Topology& topology) {
  const auto* block = root.find("pveplan");
  if (block == nullptr && misspelled_block(context.registry, root, "pveplan") != nullptr) return;
  if (block == nullptr || block->value->table() == nullptr) {
    const bool empty = root.table()->entries.empty();
    context.diagnostics.add(
        error(empty ? "Empty file" : "Missing block",
              fmt::format("{}A topology begins with [pveplan] and name = \"NAME\".",
                          empty ? "The file declares nothing. " : ""),
              block == nullptr ? Span{root.span.file, 0, 0} : block->key_span));
    return;
  }
  const auto& table = *block->value;
  Converter converter(context, Converter::References::refused);
  converter.set_owner("[pveplan]");
  Site site;
  site.span = table.span;
  // What is included has been read, and judged, before.
  const auto settings =
      without_entries(block->value, [](const std::string& key) { return key == "include"; });
  const auto fields = converter.convert_object(*settings, pveplan_block_schema(), site, "state");
  if (const auto* name = fields.find("name"); name != nullptr && name->is_string()) {
    topology.name = name->as_string();
  }
  for (const auto& text : to_texts(fields.find("vmids"))) topology.vmids.push_back(to_range(text));
  topology.secret_key = secret_source(fields.find("secret_key"), span_of(table, "secret_key"));
  check_requires(context, table, fields, request);
  decode_state_backend(context, table, topology);
}

void decode_proxmox_block(DecodeContext& context, const Node& root, Topology& topology) {
  const auto* block = root.find("proxmox");
  const auto* misspelled = misspelled_block(context.registry, root, "proxmox");
  if (block == nullptr && misspelled == nullptr) return;
  topology.connection.emplace();
  if (misspelled != nullptr) return;
  topology.connection->span = block->value->span;
  if (block->value->table() == nullptr) {
    context.diagnostics.add(
        error("Wrong type", "The connection is a block: write [proxmox].", block->key_span));
    return;
  }
  Converter converter(context, Converter::References::refused);
  converter.set_owner("[proxmox]");
  Site site;
  site.span = block->value->span;
  const auto fields = converter.convert_object(*block->value, proxmox_block_schema(), site);
  read_connection(context, *block->value, fields, *topology.connection);
  if (topology.connection->insecure) {
    context.diagnostics.add(
        warning("Server not verified",
                "tls.insecure accepts any certificate: whoever is between this machine and the "
                "server can read the token. Name the certificate with tls.fingerprint instead.",
                span_of(*block->value->find("tls")->value, "insecure")));
  }
}

}  // namespace pveplan::schema
