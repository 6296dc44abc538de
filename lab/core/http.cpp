#include "lab/core/http.hpp"

#include "lab/core/api_table.hpp"
#include "lab/core/authenticate.hpp"
#include "lab/core/dispatch.hpp"
#include "lab/core/envelope.hpp"
#include "lab/core/form.hpp"
#include "lab/core/text.hpp"
#include "schema/json.hpp"

#include <fmt/format.h>

#include <expected>

namespace pveplan::lab {
namespace {

using schema::Value;

/// The server holds back every 401 this long after the request began.
constexpr Duration kUnauthorizedDelay = std::chrono::seconds{3};

struct Address {
  std::string format;
  std::string path;
};

std::optional<Method> parse_method(std::string_view name) {
  for (const Method method : {Method::get, Method::post, Method::put, Method::remove}) {
    if (method_name(method) == name) return method;
  }
  return std::nullopt;
}

/// "/api2/json/version" → json and "/version".
std::optional<Address> split_address(const std::string& raw_path) {
  const std::string path = percent_decode(raw_path);
  constexpr std::string_view kBase = "/api2/";
  if (!path.starts_with(kBase)) return std::nullopt;
  const auto slash = path.find('/', kBase.size());
  Address address{path.substr(kBase.size(), slash - kBase.size()), "/"};
  if (slash != std::string::npos) address.path = path.substr(slash);
  if (!matches(address.format, "[a-z][a-z0-9]*")) return std::nullopt;
  return address;
}

std::optional<Format> parse_format(const std::string& name) {
  if (name == "json") return Format::json;
  if (name == "extjs") return Format::extjs;
  if (name == "html") return Format::html;
  return std::nullopt;
}

/// Without slashes at the end and doubled ones, as messages show it.
std::string tidy_path(const std::string& path) {
  std::vector<std::string> segments = split(path, '/');
  std::erase(segments, "");
  return "/" + join(segments, "/");
}

std::string media_type(const Request& request) {
  const auto header = find_header(request.headers, "content-type");
  return header ? std::string(trim(header->substr(0, header->find(';')))) : std::string{};
}

std::optional<Answer> refuse_body(const Request& request) {
  if (const auto coding = find_header(request.headers, "transfer-encoding"); coding) {
    return raw_error(501, "chunked transfer encoding not supported");
  }
  if (request.body.empty()) return std::nullopt;
  if (request.method == "GET" || request.method == "DELETE") {
    return raw_error(501, fmt::format("Unexpected content for method '{}'", request.method));
  }
  if (request.body.size() > kLargestBody && !is_upload(request))
    return raw_error(501, "for data too large");
  return std::nullopt;
}

bool is_upload_path(const std::string& path) {
  return matches(path, "/nodes/[^/]+/storage/[^/]+/upload/?");
}

bool is_readable_type(const std::string& type) {
  return type.empty() || type == "application/x-www-form-urlencoded" || type == "application/json";
}

std::expected<Parameters::Map, Answer> json_parameters(const World& world,
                                                       const std::string& body) {
  const int line = world.is_version_9() ? 934 : 917;
  if (const std::string complaint = json_complaint(body); !complaint.empty()) {
    const std::string text =
        fmt::format("{} at /usr/share/perl5/PVE/APIServer/AnyEvent.pm line {}.", complaint, line);
    return std::unexpected(raw_error(500, text, text + "\n"));
  }
  Parameters::Map result;
  const auto parsed = schema::parse_json(body);
  if (parsed && parsed->has_fields()) {
    for (const auto& [name, value] : parsed->as_fields()) result[name] = value;
  }
  return result;
}

/// Body parameters, with those of the query on top.
std::expected<Parameters, Answer> read_parameters(const World& world, const Request& request) {
  const std::string type = media_type(request);
  if (!request.body.empty() && !is_readable_type(type)) {
    const std::string text = fmt::format("upload 'Content-Type '{}' not implemented", type);
    return std::unexpected(raw_error(506, text, text));
  }
  Parameters::Map values;
  if (type == "application/json" && !request.body.empty()) {
    auto parsed = json_parameters(world, request.body);
    if (!parsed) return std::unexpected(parsed.error());
    values = std::move(*parsed);
  } else {
    values = decode_form(request.body);
  }
  for (auto& [name, value] : decode_form(request.query)) values[name] = std::move(value);
  values.erase("_dc");
  return Parameters(std::move(values));
}

Answer unauthorized(const World& world, const std::string& reason) {
  Answer answer = raw_error(401, reason);
  answer.not_before = world.now + kUnauthorizedDelay;
  return answer;
}

/// The file is taken before the API sees anything of the call, and refusals come from there, too.
Answer dispatch_upload(World& world, const Request& request, Dispatch dispatch) {
  const auto type = find_header(request.headers, "content-type");
  auto parts = parse_multipart(type.value_or(""), request.body);
  if (!parts) return raw_error(501, "unable to parse the multipart form");
  Parameters parameters(std::move(parts->fields));
  if (parts->file) {
    parts->file->temporary = "/var/tmp/pveupload-" + world.random.hex(32);
    parameters.set("filename", Value::string(parts->file->name));
    parameters.set("tmpfilename", Value::string(parts->file->temporary));
    dispatch.upload = &*parts->file;
  }
  const Answer answer = run_call(dispatch, parameters);
  return answer.status == 403 ? raw_error(403, answer.reason) : answer;
}

/// The worker dies of a form that promised a file and has none.
Answer without_file() {
  Answer answer;
  answer.disposition = Disposition::close_before_effect;
  return answer;
}

Answer dispatch_request(World& world, const Request& request, Method method,
                        const Address& address) {
  const Match match = api_table(world.release.major).find(method, address.path);
  const bool open =
      match.endpoint != nullptr && match.endpoint->permission.kind == Permission::Kind::world;
  const auto caller = authenticate(world, request);
  if (!caller && !open) return unauthorized(world, caller.error());
  if (auto refused = refuse_body(request)) return *refused;
  const auto format = parse_format(address.format);
  if (!format) return raw_error(501, fmt::format("no formatter for uri {}", address.path));
  const Dispatch dispatch{world, match, *format, caller.value_or(Caller{}), request.node};
  if (is_upload(request) && match.endpoint != nullptr)
    return dispatch_upload(world, request, dispatch);
  const auto parameters = read_parameters(world, request);
  if (!parameters) return parameters.error();
  if (match.endpoint == nullptr)
    return not_implemented(*format, request.method, tidy_path(address.path));
  if (is_upload_path(address.path)) return without_file();
  return run_call(dispatch, *parameters);
}

}  // namespace

std::optional<std::string> api_path(const Request& request) {
  const auto address = split_address(request.path);
  if (!address) return std::nullopt;
  return address->path;
}

bool is_upload(const Request& request) {
  return request.method == "POST" && media_type(request) == "multipart/form-data" &&
         is_upload_path(api_path(request).value_or(""));
}

Answer answer_request(World& world, const Request& request) {
  const auto method = parse_method(request.method);
  if (!method) return raw_error(501, fmt::format("method '{}' not available", request.method));
  const auto address = split_address(request.path);
  if (!address) return raw_error(501, "no such uri");
  Answer answer = dispatch_request(world, request, *method, *address);
  if (answer.status == 401) answer.not_before = world.now + kUnauthorizedDelay;
  return answer;
}

}  // namespace pveplan::lab
