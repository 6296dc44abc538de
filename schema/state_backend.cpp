#include "schema/state_backend.hpp"

#include "schema/convert.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace pveplan::schema {
namespace {

constexpr std::int64_t kMostRetries = 20;
constexpr std::int64_t kLongestWait = 600;

AttributeBuilder method(const char* name, const char* doc) {
  return attr(name, string()).matches("[A-Z]+", "an HTTP method in capital letters").doc(doc);
}

CrossConstraint needs(const char* one, const char* other, const char* reason) {
  return {CrossConstraint::Kind::requires_other, {one, other}, reason};
}

const ObjectSchema& local_backend_schema() {
  static const auto kSchema =
      ObjectBuilder()
          .add(attr("backend", string()).values({"local"}).doc("Where the state is kept."))
          .build();
  return kSchema;
}

bool is_header_name(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char each) {
    return std::isalnum(each) != 0 || each == '-' || each == '_';
  });
}

bool is_header_value(const std::string& value) {
  return !value.empty() && std::all_of(value.begin(), value.end(), [](unsigned char each) {
    return each >= ' ' && each < 127;
  });
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char each) { return static_cast<char>(std::tolower(each)); });
  return text;
}

/// Rules that the declaration above cannot express.
class HttpChecks {
 public:
  HttpChecks(Converter& converter, const Node& table, const Value& fields)
      : converter_(converter), table_(table), fields_(fields) {}

  void run() {
    check_update_method();
    for (const auto* name : {"address", "lock_address", "unlock_address"}) check_url(name);
    check_headers();
    if (is_true("skip_cert_verification"))
      converter_.context().diagnostics.add(
          warning("Server not verified",
                  "skip_cert_verification accepts any certificate: whoever is between this machine "
                  "and the state server can read and change the state. Give "
                  "client_ca_certificate_pem instead.",
                  span_of(table_, "skip_cert_verification")));
  }

 private:
  const std::string* text(std::string_view name) const {
    const auto* value = fields_.find(name);
    return value != nullptr && value->is_string() ? &value->as_string() : nullptr;
  }
  bool has_user() const { return text("user") != nullptr || text("username") != nullptr; }
  bool is_true(std::string_view name) const {
    const auto* value = fields_.find(name);
    return value != nullptr && value->kind() == Value::Kind::boolean && value->as_boolean();
  }
  void invalid(std::string_view name, std::string detail) {
    Site site;
    site.span = span_of(table_, name);
    converter_.report("Invalid value", std::move(detail), site);
  }

  void check_update_method() {
    static constexpr std::array<std::string_view, 4> kNoWrites = {"GET", "DELETE", "HEAD",
                                                                  "OPTIONS"};
    const auto* word = text("update_method");
    if (word == nullptr || std::find(kNoWrites.begin(), kNoWrites.end(), *word) == kNoWrites.end())
      return;
    invalid("update_method", fmt::format("{} writes no state: servers take POST or PUT.", *word));
  }

  void check_url(const char* name) {
    const auto* url = text(name);
    if (url == nullptr) return;
    const auto begin = url->find("://");
    const auto authority = url->substr(begin + 3, url->find('/', begin + 3) - begin - 3);
    if (authority.find('@') == std::string::npos) return;
    auto diagnostic = error(
        "Secret in the open",
        fmt::format("The {} holds a user, and perhaps a password. Give `user` and `password = {{ "
                    "env = \"NAME\" }}` instead.",
                    name),
        span_of(table_, name));
    diagnostic.sensitive = true;
    converter_.context().diagnostics.add(std::move(diagnostic));
  }

  void check_headers() {
    const auto* headers = fields_.find("headers");
    if (headers == nullptr || !headers->has_fields()) return;
    for (const auto& [name, value] : headers->as_fields()) {
      const auto word = lower(name);
      if (!is_header_name(name)) {
        invalid("headers",
                fmt::format("\"{}\" is no name of a header: letters, digits, hyphens and "
                            "underscores make one.",
                            name));
      } else if (word == "content-type" || word == "content-md5") {
        invalid("headers",
                fmt::format("{} is set by pveplan for each request. Take it out.", name));
      } else if (word == "authorization" && has_user()) {
        invalid("headers", "The header Authorization and `user` are two logins. Keep one.");
      } else if (value.is_string() && !is_header_value(value.as_string())) {
        invalid("headers", fmt::format("The header {} must have a value, in plain ASCII.", name));
      }
    }
  }

  Converter& converter_;
  const Node& table_;
  const Value& fields_;
};

/// A certificate stands in the topology itself, or in a file beside it.
Value with_resolved_files(DecodeContext& context, const Node& table, Value fields) {
  for (const auto* name : {"client_ca_certificate_pem", "client_certificate_pem"}) {
    const auto* value = fields.find(name);
    if (value == nullptr || !value->is_string()) continue;
    if (value->as_string().find("-----BEGIN") != std::string::npos) continue;
    fields = fields.with(Path({name}),
                         Value::string(context.resolve_path(value->as_string(), table.span.file)));
  }
  return fields;
}

}  // namespace

const ObjectSchema& http_backend_schema() {
  static const auto kSchema =
      ObjectBuilder()
          .add(attr("backend", string()).values({"http"}).doc("Where the state is kept."))
          .add(attr("address", string())
                   .format(Format::url)
                   .doc("Where the state is read and "
                        "written."))
          .add(method("update_method", "How it is written; POST when not given."))
          .add(attr("lock_address", string()).format(Format::url).doc("Where it is locked."))
          .add(method("lock_method", "LOCK when not given."))
          .add(attr("unlock_address", string()).format(Format::url).doc("Where it is unlocked."))
          .add(method("unlock_method", "UNLOCK when not given."))
          .add(attr("user", string()).doc("For HTTP basic authentication."))
          .add(attr("username", string()).doc("The same as user."))
          .add(attr("password", secret()).doc("For HTTP basic authentication, by reference."))
          .add(attr("headers", map_of(one_of({string(), secret()})))
                   .doc("More headers for each request; a value that is secret by reference."))
          .add(attr("retry_max", integer())
                   .range(0, kMostRetries)
                   .doc("How often a request is repeated; twice when not given."))
          .add(attr("retry_wait_min", duration())
                   .range(0, kLongestWait)
                   .doc("The first wait before that, doubled each time; \"1s\" when not given."))
          .add(attr("retry_wait_max", duration())
                   .range(0, kLongestWait)
                   .doc("The longest wait; \"30s\" when not given."))
          .add(attr("skip_cert_verification", boolean()).doc("Accepts any certificate."))
          .add(attr("client_ca_certificate_pem", string())
                   .doc("The certificate that signed the server's: PEM, or a file with it."))
          .add(attr("client_certificate_pem", string())
                   .doc("The certificate that this client shows: PEM, or a file with it."))
          .add(attr("client_private_key_pem", secret()).doc("Its key, by reference."))
          .constraint({CrossConstraint::Kind::at_most_one_of, {"user", "username"}, ""})
          .constraint(needs("lock_address", "unlock_address",
                            "A lock that is never given back would stop everybody."))
          .constraint(needs("unlock_address", "lock_address", "There would be nothing to unlock."))
          .constraint(needs("client_certificate_pem", "client_private_key_pem", ""))
          .constraint(needs("client_private_key_pem", "client_certificate_pem", ""))
          .build();
  return kSchema;
}

void decode_state_backend(DecodeContext& context, const Node& table, Topology& topology) {
  const auto* entry = table.find("state");
  if (entry == nullptr) return;
  Converter converter(context, Converter::References::refused);
  converter.set_owner("\"state\"");
  Site site;
  site.span = entry->value->span;
  site.name = "state";
  const auto* backend = entry->value->find("backend");
  const auto* name = backend == nullptr ? nullptr : backend->value->text();
  if (name != nullptr && *name == "postgres") {
    site.span = backend->value->span;
    return converter.report("Not supported yet",
                            "State lives in a local folder or on an HTTP server so far: leave "
                            "`state` out, or write backend = \"http\".",
                            site);
  }
  const bool http = name != nullptr && *name == "http";
  auto fields = converter.convert(
      *entry->value, object_of(http ? http_backend_schema() : local_backend_schema()), site);
  if (const auto* kind = fields.find("backend")) topology.state.backend = kind->as_string();
  topology.state.span = entry->value->span;
  if (!http || !fields.has_fields()) return;
  HttpChecks(converter, *entry->value, fields).run();
  topology.state.options = with_resolved_files(context, *entry->value, std::move(fields));
}

}  // namespace pveplan::schema
