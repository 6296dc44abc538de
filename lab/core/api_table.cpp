#include "lab/core/api_table.hpp"

#include "lab/core/text.hpp"

#include <algorithm>

namespace pveplan::lab {
namespace {

/// Empty segments do not count: `//version/` is `/version`.
std::vector<std::string> segments_of(std::string_view path) {
  std::vector<std::string> segments = split(path, '/');
  std::erase(segments, "");
  return segments;
}

bool is_variable(const std::string& segment) { return segment.starts_with('{'); }

/// Only the volume of storage content swallows the rest of the path with its slashes.
bool swallows_rest(const Endpoint& endpoint) { return endpoint.path.ends_with("/{volume}"); }

/// More literal segments win: /pools/… before /{x}/…
int literal_count(const std::vector<std::string>& pattern) {
  return static_cast<int>(
      std::count_if(pattern.begin(), pattern.end(), [](const auto& s) { return !is_variable(s); }));
}

bool match_segments(const Endpoint& endpoint, const std::vector<std::string>& pattern,
                    const std::vector<std::string>& given, Match& match) {
  const bool rest = swallows_rest(endpoint) && given.size() > pattern.size();
  if (given.size() != pattern.size() && !rest) return false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (!is_variable(pattern[i])) {
      if (pattern[i] != given[i]) return false;
      continue;
    }
    std::string value = given[i];
    if (rest && i + 1 == pattern.size()) {
      for (std::size_t k = i + 1; k < given.size(); ++k) value += "/" + given[k];
    }
    match.path_parameters[pattern[i].substr(1, pattern[i].size() - 2)] = value;
  }
  return true;
}

}  // namespace

std::string_view method_name(Method method) {
  switch (method) {
    case Method::get:
      return "GET";
    case Method::post:
      return "POST";
    case Method::put:
      return "PUT";
    case Method::remove:
      return "DELETE";
  }
  return {};
}

Endpoint& Endpoint::takes(std::vector<Parameter> more) {
  for (Parameter& parameter : more) parameters.push_back(std::move(parameter));
  return *this;
}

Endpoint& Endpoint::allowed(Permission rule) {
  permission = std::move(rule);
  return *this;
}

Endpoint& Endpoint::privileged() {
  runs_as_root = true;
  return *this;
}

Endpoint& Endpoint::on_node(std::string parameter) {
  parameters.push_back(node_name(parameter));
  proxy_to = std::move(parameter);
  return *this;
}

Endpoint& Endpoint::only_in(int major) {
  since = {major, major == 9 ? Since{}.last : major};
  return *this;
}

Endpoint& Endpoint::no_tokens() {
  tokens_allowed = false;
  return *this;
}

Endpoint& Endpoint::known(Knowledge how) {
  knowledge = how;
  return *this;
}

Endpoint& ApiTable::add(Method method, std::string path, Handler handler) {
  Endpoint& endpoint = endpoints_.emplace_back();
  endpoint.method = method;
  endpoint.path = std::move(path);
  endpoint.handler = handler;
  return endpoint;
}

Endpoint& ApiTable::get(std::string path, Handler handler) {
  return add(Method::get, std::move(path), handler);
}

Endpoint& ApiTable::post(std::string path, Handler handler) {
  return add(Method::post, std::move(path), handler);
}

Endpoint& ApiTable::put(std::string path, Handler handler) {
  return add(Method::put, std::move(path), handler);
}

Endpoint& ApiTable::remove(std::string path, Handler handler) {
  return add(Method::remove, std::move(path), handler);
}

void ApiTable::finish() {
  std::erase_if(endpoints_, [&](const Endpoint& e) { return !e.since.covers(major_); });
  for (Endpoint& endpoint : endpoints_) {
    std::erase_if(endpoint.parameters, [&](const Parameter& p) { return !p.since.covers(major_); });
    std::vector<std::string> pattern = segments_of(endpoint.path);
    const std::size_t depth = pattern.size();
    by_depth_.emplace(depth, std::pair(std::move(pattern), &endpoint));
  }
}

Match ApiTable::find(Method method, std::string_view path) const {
  const std::vector<std::string> given = segments_of(path);
  Match best;
  int best_literals = -1;
  for (const auto& [depth, entry] : by_depth_) {
    const auto& [pattern, endpoint] = entry;
    if (depth > given.size()) break;
    if (endpoint->method != method || (depth < given.size() && !swallows_rest(*endpoint))) continue;
    Match match{endpoint, {}};
    const int literals = literal_count(pattern);
    if (literals > best_literals && match_segments(*endpoint, pattern, given, match)) {
      best = std::move(match);
      best_literals = literals;
    }
  }
  return best;
}

}  // namespace pveplan::lab
