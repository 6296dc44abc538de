#include "engine/cli/state_access.hpp"

#include "engine/cli/program.hpp"
#include "engine/cli/workspace.hpp"
#include "state/local_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>

namespace pveplan::cli {
namespace {

using state::HttpOptions;

std::string variable_name(const std::string& option) {
  std::string name = "TF_HTTP_" + option;
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char each) { return static_cast<char>(std::toupper(each)); });
  return name;
}

std::string state_directory(const schema::Topology& topology) {
  const auto base = topology.directory.empty() ? std::string() : topology.directory + "/";
  return base + ".pveplan/" + topology.name;
}

std::chrono::milliseconds seconds(std::size_t count) {
  return std::chrono::seconds(static_cast<std::int64_t>(count));
}

bool is_web_address(const std::string& url) {
  return url.starts_with("https://") || url.starts_with("http://");
}

}  // namespace

std::string TopologyAccess::text(const char* name) const {
  const auto* value = backend_.options.find(name);
  if (value != nullptr && value->is_string()) return value->as_string();
  return host_.environment.variable(variable_name(name)).value_or("");
}

std::size_t TopologyAccess::number(const char* name, std::size_t otherwise) const {
  const auto* value = backend_.options.find(name);
  if (value != nullptr && value->kind() == schema::Value::Kind::integer)
    return static_cast<std::size_t>(value->as_integer());
  const auto typed = host_.environment.variable(variable_name(name)).value_or("");
  std::size_t result = otherwise;
  std::from_chars(typed.data(), typed.data() + typed.size(), result);
  return result;
}

/// The text itself, or what a file says.
schema::Result<std::string> TopologyAccess::pem(const char* name) const {
  const auto given = text(name);
  if (given.empty() || given.find("-----BEGIN") != std::string::npos) return given;
  auto bytes = host_.files.read(given);
  if (bytes) return std::move(*bytes);
  return std::unexpected(schema::error("Certificate not readable",
                                       fmt::format("{}: {}.", name, bytes.error().text()),
                                       backend_.span));
}

async::Task<schema::Result<std::string>> TopologyAccess::secret(std::string name) {
  auto source = schema::secret_source(backend_.options.find(name), backend_.span);
  if (!source) co_return host_.environment.variable(variable_name(name)).value_or("");
  auto fetched = co_await fetch_secret(host_, std::move(*source));
  co_return fetched;
}

async::Task<schema::Result<void>> TopologyAccess::add_login(HttpOptions* options) {
  options->username = text("user").empty() ? text("username") : text("user");
  auto password = co_await secret("password");
  if (!password) co_return std::unexpected(password.error());
  options->password = std::move(*password);
  auto key = co_await secret("client_private_key_pem");
  if (!key) co_return std::unexpected(key.error());
  options->client_key = std::move(*key);
  const auto* headers = backend_.options.find("headers");
  if (headers == nullptr || !headers->has_fields()) co_return schema::Result<void>();
  for (const auto& [name, value] : headers->as_fields()) {
    if (value.is_string()) {
      options->headers.emplace_back(name, value.as_string());
      continue;
    }
    auto source = schema::secret_source(&value, backend_.span);
    auto fetched = co_await fetch_secret(host_, std::move(*source));
    if (!fetched) co_return std::unexpected(fetched.error());
    options->headers.emplace_back(name, std::move(*fetched));
  }
  co_return schema::Result<void>();
}

/// What only shows when the environment has been asked.
schema::Result<void> TopologyAccess::check(const HttpOptions& options) const {
  std::string problem;
  if (options.address.empty()) {
    problem = "The state has no address: give `address`, or set TF_HTTP_ADDRESS.";
  } else if (!is_web_address(options.address)) {
    problem = "The address of the state begins with neither https:// nor http://.";
  } else if (options.lock_address.empty() != options.unlock_address.empty()) {
    problem =
        "`lock_address` and `unlock_address` (or TF_HTTP_LOCK_ADDRESS and TF_HTTP_UNLOCK_ADDRESS) "
        "belong together: a lock that is never given back would stop everybody.";
  } else if (options.client_certificate.empty() != options.client_key.empty()) {
    problem = "`client_certificate_pem` and `client_private_key_pem` belong together.";
  } else if (options.update_method == "GET" || options.update_method == "DELETE") {
    problem = fmt::format("{} writes no state: servers take POST or PUT.", options.update_method);
  }
  if (problem.empty()) return {};
  return std::unexpected(
      schema::error("State server not known", std::move(problem), backend_.span));
}

async::Task<schema::Result<HttpOptions>> TopologyAccess::options() {
  HttpOptions options;
  options.address = text("address");
  options.lock_address = text("lock_address");
  options.unlock_address = text("unlock_address");
  const auto take = [this](const char* name, std::string& method) {
    if (auto given = text(name); !given.empty()) method = std::move(given);
  };
  take("update_method", options.update_method);
  take("lock_method", options.lock_method);
  take("unlock_method", options.unlock_method);
  options.retry_max = number("retry_max", options.retry_max);
  options.retry_wait_min = seconds(number("retry_wait_min", 1));
  options.retry_wait_max = seconds(number("retry_wait_max", 30));
  const auto* unverified = backend_.options.find("skip_cert_verification");
  options.trust.insecure = unverified != nullptr && *unverified == schema::Value::boolean(true);
  auto ca = pem("client_ca_certificate_pem");
  if (!ca) co_return std::unexpected(ca.error());
  options.trust.ca_pem = std::move(*ca);
  auto certificate = pem("client_certificate_pem");
  if (!certificate) co_return std::unexpected(certificate.error());
  options.client_certificate = std::move(*certificate);
  auto login = co_await add_login(&options);
  if (!login) co_return std::unexpected(login.error());
  if (auto fits = check(options); !fits) co_return std::unexpected(fits.error());
  co_return options;
}

StatePlace::StatePlace(async::Host& host, const schema::Topology& topology)
    : folder_{host.files,
              host.random,
              host.clock,
              host.environment,
              state_directory(topology),
              program_version(),
              {}},
      access_(host, topology.state) {
  if (topology.state.backend == "http") {
    store_ = std::make_unique<state::HttpStore>(folder_, host.transport, access_);
  } else {
    store_ = std::make_unique<state::LocalStore>(folder_);
  }
}

}  // namespace pveplan::cli
