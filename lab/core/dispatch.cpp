#include "lab/core/dispatch.hpp"

#include "lab/core/text.hpp"
#include "lab/core/validate.hpp"

#include <fmt/format.h>

#include <expected>

namespace pveplan::lab {
namespace {

using schema::Value;

Attempt<Parameters> merge_path(const Match& match, const Parameters& given) {
  Parameters merged = given;
  for (const auto& [name, value] : match.path_parameters) {
    if (const Value* other = given.find(name); other != nullptr && scalar_text(*other) != value) {
      return bad_parameter(name,
                           "duplicate parameter (already defined in URI) with conflicting values!");
    }
    merged.set(name, Value::string(value));
  }
  return merged;
}

Attempt<void> refuse_token(const Dispatch& dispatch) {
  if (dispatch.match.endpoint->tokens_allowed || !dispatch.caller.is_token()) return {};
  return denied(fmt::format("URI '{}' not available with API token, need proper ticket.\n",
                            dispatch.match.endpoint->path));
}

/// What the resolver says of a name that is no node: names that cannot be host names fail at once.
std::string resolver_text(const std::string& name) {
  return matches(name, "[A-Za-z0-9.\\-]+") ? "Temporary failure in name resolution"
                                           : "Name or service not known";
}

struct Place {
  std::string node;
  bool reachable = true;
};

/// The node that must do the work.
Attempt<Place> find_place(const Dispatch& dispatch, const Parameters& parameters) {
  const std::string called = dispatch.node.empty() ? dispatch.world.first_node() : dispatch.node;
  const std::string& parameter = dispatch.match.endpoint->proxy_to;
  if (parameter.empty()) return Place{called};
  const auto name = parameters.maybe(parameter);
  if (!name) return bad_parameter(parameter, "proxyto parameter does not exist");
  if (*name == "localhost") return Place{called};
  const auto found = dispatch.world.nodes.find(*name);
  if (found == dispatch.world.nodes.end()) {
    return fail(
        fmt::format("hostname lookup '{0}' failed - failed to get address info for: {0}: {1}",
                    *name, resolver_text(*name)));
  }
  return Place{*name, found->second.online};
}

Attempt<Parameters> checked(const Dispatch& dispatch, Parameters parameters) {
  const auto& rules = dispatch.match.endpoint->parameters;
  shape_parameters(rules, parameters);
  const Faults faults = check_parameters(rules, parameters, {dispatch.world.release.major});
  if (!faults.empty()) return bad_parameters(faults);
  return parameters;
}

Attempt<Parameters> admit(const Dispatch& dispatch, const Parameters& given) {
  auto merged = merge_path(dispatch.match, given);
  if (!merged) return merged;
  if (auto token = refuse_token(dispatch); !token) return std::unexpected(token.error());
  const auto allowed = check_permission(dispatch.world, dispatch.caller.who,
                                        dispatch.match.endpoint->permission, *merged);
  if (!allowed) return std::unexpected(allowed.error());
  return merged;
}

}  // namespace

Answer run_call(const Dispatch& dispatch, const Parameters& given) {
  const auto failed = [&](const Failure& failure) {
    return format_reply(dispatch.format, std::unexpected(failure));
  };
  const auto merged = admit(dispatch, given);
  if (!merged) return failed(merged.error());
  const auto place = find_place(dispatch, *merged);
  if (!place) return failed(place.error());
  if (!place->reachable) return raw_error(595, "No route to host");
  const auto parameters = checked(dispatch, *merged);
  if (!parameters) return failed(parameters.error());
  Call call{dispatch.world, *dispatch.match.endpoint, *parameters, dispatch.caller,
            place->node,    dispatch.upload,          {}};
  Answer answer = format_reply(dispatch.format, dispatch.match.endpoint->handler(call));
  if (call.delay > Duration{}) answer.not_before = dispatch.world.now + call.delay;
  return answer;
}

}  // namespace pveplan::lab
