#pragma once

#include "lab/core/core.hpp"
#include "lab/core/text.hpp"
#include "lab/world/make_world.hpp"
#include "schema/json.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

namespace pveplan::lab::testing {

using Form = std::vector<std::pair<std::string, std::string>>;

inline std::string encode(const Form& form) {
  std::string text;
  for (const auto& [name, value] : form) {
    text += (text.empty() ? "" : "&") + percent_encode(name) + "=" + percent_encode(value);
  }
  return text;
}

/// A core with a caller: what a test says to the lab in one line.
class LabClient {
 public:
  explicit LabClient(World world, std::string who = "root@pam!pveplan")
      : core(std::move(world)), who_(std::move(who)) {}

  Core core;

  void act_as(std::string who) { who_ = std::move(who); }

  Answer call(const std::string& method, const std::string& path, const Form& form = {}) {
    Request request;
    request.method = method;
    request.path = "/api2/json" + path;
    request.headers.emplace_back("Authorization", "PVEAPIToken=" + who_ + "=" + secret());
    const bool in_query = method == "GET" || method == "DELETE";
    (in_query ? request.query : request.body) = encode(form);
    return core.handle(request);
  }

  /// The `data` of an answer that must be a success, as JSON text.
  std::string data(const std::string& method, const std::string& path, const Form& form = {}) {
    const Answer answer = call(method, path, form);
    const auto value = schema::parse_json(answer.body);
    if (!value || value->find("data") == nullptr) return answer.reason;
    return answer.status == 200 ? schema::to_json(*value->find("data")) : answer.reason;
  }

 private:
  std::string secret() const {
    const auto mark = who_.find('!');
    return core.world()
        .access.users.at(who_.substr(0, mark))
        .tokens.at(who_.substr(mark + 1))
        .secret;
  }

  std::string who_;
};

}  // namespace pveplan::lab::testing
