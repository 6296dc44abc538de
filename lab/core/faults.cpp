#include "lab/core/faults.hpp"

#include "lab/core/envelope.hpp"
#include "lab/core/http.hpp"
#include "lab/core/text.hpp"

namespace pveplan::lab {
namespace {

using schema::Value;

bool is_about_requests(const Fault& fault) { return fault.kind != FaultKind::task_failure; }

bool concerns(const Fault& fault, const Request& request, const std::string& path) {
  if (fault.method == "write" && request.method == "GET") return false;
  const bool any_method = fault.method.empty() || fault.method == "write";
  if (!any_method && fault.method != request.method) return false;
  return fault.path.empty() || matches(path, fault.path);
}

/// Counts a match; true when the fault strikes.
bool strikes(Fault& fault) {
  if (fault.skip > 0) {
    --fault.skip;
    return false;
  }
  if (fault.times <= 0) return false;
  --fault.times;
  return true;
}

std::optional<Fault> draw(World& world, const Request& request) {
  if (world.faults.empty()) return std::nullopt;
  const std::string path = api_path(request).value_or(request.path);
  for (Fault& fault : world.faults) {
    if (!is_about_requests(fault) || !concerns(fault, request, path)) continue;
    if (strikes(fault)) return fault;
  }
  return std::nullopt;
}

Answer without_answer(Disposition disposition) {
  Answer answer;
  answer.disposition = disposition;
  return answer;
}

Value request_value(const Request& request) {
  Value::List headers;
  for (const auto& [name, text] : request.headers) {
    headers.push_back(Value::list({Value::string(name), Value::string(text)}));
  }
  return Value::map({{"method", Value::string(request.method)},
                     {"path", Value::string(request.path)},
                     {"query", Value::string(request.query)},
                     {"headers", Value::list(std::move(headers))},
                     {"body", Value::string(request.body)},
                     {"node", Value::string(request.node)}});
}

Request request_from(const Value& value) {
  const auto field = [&](const char* name) { return value.find(name)->as_string(); };
  Request request{field("method"), field("path"), field("query"), {}, field("body"), field("node")};
  for (const Value& pair : value.find("headers")->as_list()) {
    request.headers.emplace_back(pair.as_list()[0].as_string(), pair.as_list()[1].as_string());
  }
  return request;
}

Answer delay_effect(World& world, const Request& request, const Fault& fault) {
  schedule(world, "late-request", request_value(request), fault.delay);
  if (fault.status == 0) return without_answer(Disposition::close_after_effect);
  Answer answer = raw_error(fault.status, fault.text.empty() ? "Connection timed out" : fault.text);
  // The proxy gives up after its 30 s of silence, while the call goes on.
  answer.not_before = world.now + std::chrono::seconds{30};
  return answer;
}

Answer take_node_down(World& world, const Request& request, const Fault& fault) {
  if (const auto node = world.nodes.find(fault.text); node != world.nodes.end()) {
    node->second.online = false;
    schedule(world, "node-up", Value::string(fault.text), fault.delay);
  }
  return answer_with_faults(world, request);
}

Answer strike(World& world, const Request& request, const Fault& fault) {
  switch (fault.kind) {
    case FaultKind::refuse:
      return without_answer(Disposition::refuse);
    case FaultKind::close_before_effect:
      return without_answer(Disposition::close_before_effect);
    case FaultKind::close_after_effect: {
      Answer answer = answer_request(world, request);
      answer.disposition = Disposition::close_after_effect;
      return answer;
    }
    case FaultKind::cut_answer: {
      Answer answer = answer_request(world, request);
      answer.disposition = Disposition::cut;
      return answer;
    }
    case FaultKind::late_effect:
      return delay_effect(world, request, fault);
    case FaultKind::delay: {
      Answer answer = answer_request(world, request);
      answer.not_before = std::max(answer.not_before, world.now) + fault.delay;
      return answer;
    }
    case FaultKind::status_after_effect:
      answer_request(world, request);
      [[fallthrough]];
    case FaultKind::status:
      return raw_error(fault.status, fault.text);
    case FaultKind::failure:
      return format_reply(Format::json, fail(fault.text));
    case FaultKind::node_down:
      return take_node_down(world, request, fault);
    case FaultKind::task_failure:
      break;
  }
  return answer_request(world, request);
}

bool is_down(const World& world, const std::string& node) {
  const auto found = world.nodes.find(node.empty() ? world.first_node() : node);
  return found == world.nodes.end() || !found->second.online;
}

}  // namespace

Answer answer_with_faults(World& world, const Request& request) {
  if (const auto fault = draw(world, request)) return strike(world, request, *fault);
  if (is_down(world, request.node)) return without_answer(Disposition::refuse);
  return answer_request(world, request);
}

std::optional<std::string> drawn_task_failure(World& world, const std::string& type) {
  for (Fault& fault : world.faults) {
    if (fault.kind != FaultKind::task_failure) continue;
    if (!fault.text.empty() && fault.text != type) continue;
    if (strikes(fault)) return fault.reason;
  }
  return std::nullopt;
}

PhaseResult run_late_request(Work& work) {
  answer_request(work.world, request_from(work.event.arguments));
  return done();
}

PhaseResult bring_node_up(Work& work) {
  const auto node = work.world.nodes.find(work.event.arguments.as_string());
  if (node != work.world.nodes.end()) node->second.online = true;
  return done();
}

}  // namespace pveplan::lab
