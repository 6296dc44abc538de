#include "lab/conform/replay.hpp"

#include "lab/conform/bindings.hpp"
#include "lab/conform/compare.hpp"
#include "lab/conform/redactions.hpp"
#include "lab/conform/unrecorded.hpp"
#include "lab/conform/uploads.hpp"
#include "lab/core/authenticate.hpp"
#include "lab/core/core.hpp"
#include "lab/core/text.hpp"
#include "schema/json.hpp"

#include <fmt/format.h>

namespace pveplan::lab {
namespace {

using schema::Value;

constexpr const char* kRedacted = "REDACTED";

std::string scalar_or_json(const Value& value) {
  const bool nested = value.kind() == Value::Kind::list || value.has_fields();
  return nested ? schema::to_json(value) : scalar_text(value);
}

/// Plays one file: keeps the lab, the bindings, and the last login.
class Player {
 public:
  explicit Player(World world) : core_(std::move(world)) {}

  ExchangeReport play(const Exchange& exchange) {
    if (has_lost_file(exchange)) bind_file_sums(bindings_);
    bindings_.note_sent(exchange.path + "?" + exchange.query);
    if (!exchange.form.is_null()) bindings_.note_sent(schema::to_json(exchange.form));
    act_before(core_.world(), exchange.name);
    const Request request = rebuild(exchange);
    pass_time(exchange, request);
    Answer answer = core_.handle(request);
    if (answer.disposition != Disposition::send) answer = no_answer();
    remember_login(exchange, answer);
    return judge(exchange, answer);
  }

 private:
  const World& world() const { return core_.world(); }

  /// How the recording tells of a connection that ended without a word.
  static Answer no_answer() {
    Answer answer;
    answer.status = 0;
    answer.reason = "connection closed by server without a response";
    return answer;
  }

  // --- the request, with what redaction took away

  std::string token_header(const Exchange& exchange, const std::string& recorded) const {
    if (!recorded.ends_with(std::string("=") + kRedacted)) return recorded;
    const std::string stem =
        recorded.substr(0, recorded.size() - std::string_view(kRedacted).size());
    const std::string who = stem.substr(stem.find('=') + 1, stem.size() - stem.find('=') - 2);
    std::string secret = "00000000-0000-0000-0000-000000000000";
    const auto mark = who.find('!');
    const auto user = world().access.users.find(who.substr(0, mark));
    if (hidden_secret(exchange.name) != Hidden::wrong && user != world().access.users.end()) {
      const auto token = user->second.tokens.find(who.substr(mark + 1));
      if (token != user->second.tokens.end()) secret = token->second.secret;
    }
    return stem + secret;
  }

  std::string ticket_for(const Exchange& exchange) const {
    return has_root_ticket(exchange.name) ? make_ticket(world(), "root@pam") : ticket_;
  }

  std::string cookie(const Exchange& exchange) const {
    const Hidden hidden = hidden_secret(exchange.name);
    if (hidden == Hidden::wrong) return "PVEAuthCookie=PVE%3Aroot%40pam%3A00000000%3A%3Abroken";
    const std::string ticket = ticket_for(exchange);
    return "PVEAuthCookie=" + (hidden == Hidden::raw_ticket ? ticket : percent_encode(ticket));
  }

  std::string csrf_header(const Exchange& exchange) const {
    if (has_wrong_csrf(exchange.name)) return "00000000:broken";
    return has_root_ticket(exchange.name) ? make_csrf_token(world(), "root@pam") : csrf_;
  }

  std::string password(const Exchange& exchange) const {
    switch (hidden_secret(exchange.name)) {
      case Hidden::wrong:
        return "not the password";
      case Hidden::short_password:
        return "four";
      case Hidden::ticket:
        return ticket_;
      case Hidden::right:
      case Hidden::raw_ticket:
        break;
    }
    const Value* name = exchange.form.find("username");
    const auto user = world().access.users.find(name == nullptr ? "" : scalar_text(*name));
    const bool known = user != world().access.users.end() && user->second.password;
    return known ? *user->second.password : "a good password";
  }

  Headers rebuild_headers(const Exchange& exchange) const {
    Headers headers;
    for (const auto& [name, recorded] : exchange.headers) {
      std::string value = recorded;
      if (name == "Authorization") value = token_header(exchange, recorded);
      if (name == "Cookie") value = cookie(exchange);
      if (name == "CSRFPreventionToken") value = csrf_header(exchange);
      headers.emplace_back(name, value);
    }
    return headers;
  }

  std::string form_text(const Exchange& exchange) const {
    std::string text;
    const auto add = [&](const std::string& name, const Value& value) {
      std::string plain = scalar_or_json(value);
      if (plain == kRedacted) plain = password(exchange);
      plain = full_length(plain);
      text += (text.empty() ? "" : "&") + percent_encode(name) + "=" +
              percent_encode(bindings_.substitute(plain));
    };
    for (const auto& [name, value] : exchange.form.as_fields()) {
      if (value.kind() != Value::Kind::list) {
        add(name, value);
        continue;
      }
      for (const Value& item : value.as_list()) add(name, item);
    }
    return text;
  }

  std::string rebuild_body(const Exchange& exchange) const {
    if (auto body = hidden_body(exchange.name)) return *body;
    if (has_lost_file(exchange)) return upload_body(exchange, bindings_);
    if (exchange.method == "GET" || exchange.method == "DELETE" || !exchange.form.has_fields())
      return {};
    for (const auto& [name, value] : exchange.headers) {
      if (name == "Content-Type" && value.starts_with("application/json")) {
        return bindings_.substitute(schema::to_json(exchange.form));
      }
    }
    return form_text(exchange);
  }

  Request rebuild(const Exchange& exchange) const {
    Request request;
    request.method = exchange.method;
    request.path = bindings_.substitute(exchange.path);
    request.query = bindings_.substitute(exchange.query);
    request.headers = rebuild_headers(exchange);
    request.body = rebuild_body(exchange);
    return request;
  }

  // --- time and login

  /// A task that the recording saw ended gets the time it needs.
  void pass_time(const Exchange& exchange, const Request& request) {
    const Value* status = exchange.body.find(schema::Path({"data", "status"}));
    if (status == nullptr || !status->is_string() || status->as_string() != "stopped") return;
    const auto segments = split(request.path, '/');
    if (segments.size() < 3 || segments.back() != "status") return;
    const std::string upid = percent_decode(segments[segments.size() - 2]);
    const auto& tasks = world().tasks.by_upid;
    while (tasks.contains(upid) && tasks.at(upid).running()) {
      const auto next = core_.next_event();
      if (!next) return;
      core_.advance(*next);
    }
  }

  void remember_login(const Exchange& exchange, const Answer& answer) {
    if (!exchange.path.ends_with("/access/ticket") || answer.status != 200) return;
    const auto body = schema::parse_json(answer.body);
    if (!body) return;
    if (const Value* ticket = body->find(schema::Path({"data", "ticket"})))
      ticket_ = ticket->as_string();
    if (const Value* token = body->find(schema::Path({"data", "CSRFPreventionToken"}))) {
      csrf_ = token->as_string();
    }
  }

  // --- the answer

  ExchangeReport judge(const Exchange& exchange, const Answer& answer) {
    ExchangeReport report{
        exchange.name, exchange.method + " " + exchange.path, Verdict::matched, {}};
    if (answer.status == 501 && exchange.status != 501) {
      report.verdict = Verdict::not_covered;
      return report;
    }
    auto& differences = report.differences;
    if (answer.status != exchange.status) {
      differences.push_back(fmt::format("status: recorded {} {}, lab {} {} {}", exchange.status,
                                        exchange.reason, answer.status, answer.reason,
                                        answer.body));
    } else if (!same_text("reason", exchange.reason, answer.reason, bindings_)) {
      differences.push_back(
          fmt::format("reason: recorded '{}', lab '{}'", exchange.reason, answer.reason));
    }
    compare_type(exchange, answer, differences);
    if (differences.empty() || answer.status == exchange.status)
      compare_body(exchange, answer, differences);
    if (!differences.empty()) report.verdict = Verdict::differing;
    return report;
  }

  static void compare_type(const Exchange& exchange, const Answer& answer,
                           std::vector<std::string>& differences) {
    const auto type = find_header(answer.headers, "content-type");
    if (type == exchange.content_type) return;
    differences.push_back(fmt::format("content type: recorded {}, lab {}",
                                      exchange.content_type.value_or("none"),
                                      type.value_or("none")));
  }

  void compare_body(const Exchange& exchange, const Answer& answer,
                    std::vector<std::string>& differences) {
    if (exchange.body.is_null()) {
      if (!answer.body.empty()) differences.push_back("body: recorded empty, lab " + answer.body);
      return;
    }
    if (!exchange.is_json()) {
      const std::string recorded =
          exchange.body.is_string() ? exchange.body.as_string() : std::string{};
      const bool pages = recorded.starts_with("<!DOCTYPE") && answer.body.starts_with("<!DOCTYPE");
      if (!pages && recorded != answer.body) {
        differences.push_back(fmt::format("body: recorded {}, lab {}", recorded, answer.body));
      }
      return;
    }
    const auto parsed = schema::parse_json(answer.body);
    if (!parsed) {
      differences.push_back("body: the lab sent no JSON: " + answer.body);
      return;
    }
    compare_values(exchange.body, *parsed, bindings_, differences);
  }

  Core core_;
  Bindings bindings_;
  std::string ticket_, csrf_;
};

}  // namespace

std::size_t ConformanceReport::count(Verdict verdict) const {
  return static_cast<std::size_t>(
      std::count_if(exchanges.begin(), exchanges.end(),
                    [&](const ExchangeReport& exchange) { return exchange.verdict == verdict; }));
}

int ConformanceReport::matched_permille() const {
  if (exchanges.empty()) return 1000;
  return static_cast<int>(count(Verdict::matched) * 1000 / exchanges.size());
}

ConformanceReport replay(World world, std::span<const Exchange> exchanges) {
  Player player(std::move(world));
  ConformanceReport report;
  for (const Exchange& exchange : exchanges) report.exchanges.push_back(player.play(exchange));
  return report;
}

std::string format_report(const std::string& file, const ConformanceReport& report, bool verbose) {
  std::string text = fmt::format("{}: {} matched, {} differing, {} not covered\n", file,
                                 report.count(Verdict::matched), report.count(Verdict::differing),
                                 report.count(Verdict::not_covered));
  if (!verbose) return text;
  for (const ExchangeReport& exchange : report.exchanges) {
    if (exchange.verdict == Verdict::matched) continue;
    text += fmt::format("  {} ({}){}\n", exchange.name, exchange.call,
                        exchange.verdict == Verdict::not_covered ? ": not covered" : "");
    for (const std::string& difference : exchange.differences)
      text += fmt::format("    {}\n", difference);
  }
  return text;
}

}  // namespace pveplan::lab
