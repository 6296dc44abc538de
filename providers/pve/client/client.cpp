#include "providers/pve/client/client.hpp"

#include "providers/async/retry.hpp"
#include "providers/pve/client/encoding.hpp"
#include "providers/pve/client/envelope.hpp"

#include <fmt/format.h>

namespace pveplan::pve {
namespace {

using core::ApiError;
using core::ApiFailure;
using core::ApiRequest;
using core::ApiResult;

bool is_read(const ApiRequest& request) { return request.method == "GET"; }

/// GET and DELETE with a body are refused (FACTS 1.3).
bool parameters_in_query(const ApiRequest& request) {
  return is_read(request) || request.method == "DELETE";
}

std::string title(const ApiRequest& request) { return request.method + " " + request.path; }

std::string base_url(std::string endpoint) {
  if (endpoint.find("://") == endpoint.npos) endpoint.insert(0, "https://");
  while (endpoint.ends_with('/')) endpoint.pop_back();
  const auto host = endpoint.find("://") + 3;
  const auto bracket = endpoint.find(']', host);  // of an IPv6 address
  const auto colon = endpoint.find(':', bracket == endpoint.npos ? host : bracket);
  return colon == endpoint.npos ? endpoint + ":8006" : endpoint;
}

/// For people: what is sent, without secrets.
std::string describe(const ApiRequest& request, const Redactor& redactor) {
  auto text = title(request);
  for (std::size_t i = 0; i < request.parameters.size(); ++i) {
    const auto& [name, value] = request.parameters[i];
    const bool secret = Redactor::is_secret_parameter(name);
    text += fmt::format("{}{}={}", i == 0 ? " " : "&", name,
                        secret ? std::string(Redactor::kMask) : value);
  }
  return redactor.clean(std::move(text));
}

/// A read that may be asked again: nobody has answered it, or only to say "not now".
bool worth_repeating(const ApiResult& result, bool reads) {
  if (result) return false;
  const auto& error = result.error();
  if (error.failure == ApiFailure::not_sent) return true;
  if (!reads) return false;
  return error.failure == ApiFailure::unknown_outcome || error.status == 429 ||
         error.status == 503 || error.status == 595 || error.status == 596;
}

bool is_pin_mismatch(const async::HttpReply& reply) { return !reply.seen_fingerprint.empty(); }

}  // namespace

Client::Client(async::Transport& transport, const async::Clock& clock, ClientOptions options)
    : transport_(transport),
      clock_(clock),
      options_(std::move(options)),
      limiter_(std::max<std::size_t>(options_.connections, 1)),
      silence_watch_(clock) {
  for (auto& endpoint : options_.endpoints) endpoint = base_url(std::move(endpoint));
  const auto equals = options_.token.find('=');
  user_ = options_.token.substr(0, equals);
  if (equals != std::string::npos) redactor_.add(options_.token.substr(equals + 1));
  for (const auto& secret : options_.secrets) redactor_.add(secret);
}

async::Task<ApiResult> Client::get(std::string path, core::Parameters query) {
  ApiRequest request("GET", std::move(path), std::move(query));
  auto result = co_await deliver(std::move(request));
  co_return std::move(result);
}

async::Task<ApiResult> Client::send(ApiRequest request) {
  auto result = co_await deliver(std::move(request));
  co_return std::move(result);
}

async::Task<ApiResult> Client::deliver(ApiRequest request) {
  const bool reads = is_read(request);
  std::vector<std::string> pool;
  pool.emplace_back("api");
  auto permit = co_await limiter_.acquire(std::move(pool));
  async::Backoff backoff(options_.repeat_after);
  SilenceWatch::Request waiting(silence_watch_);
  for (;;) {
    if (refused_) co_return std::unexpected(*refused_);
    if (silence_.answers_for_the_server(clock_.steady()))
      co_return std::unexpected(silence_.error(title(request)));
    const auto began = clock_.steady();
    auto result = co_await one_round(request, &waiting);
    if (!result && result.error().failure == ApiFailure::unauthorized) refused_ = result.error();
    if (!worth_repeating(result, reads) || silence_.is_long(clock_.steady()))
      co_return std::move(result);
    waiting.repeats_until(last_round(backoff.waits(), clock_.steady() - began));
    const bool again = co_await backoff.wait();
    if (!again) co_return std::move(result);
  }
}

std::chrono::nanoseconds Client::last_round(std::size_t waits,
                                            std::chrono::nanoseconds round) const {
  auto end = clock_.steady();
  for (auto i = waits; i < options_.repeat_after.size() && !silence_.is_long(end); ++i)
    end += options_.repeat_after[i] + round;
  return end;
}

async::Task<ApiResult> Client::one_round(ApiRequest request, SilenceWatch::Request* waiting) {
  const auto count = options_.endpoints.size();
  ApiResult last = std::unexpected(no_answer(request, async::HttpReply(), ""));
  const auto first = endpoint_;
  const auto began = clock_.steady();
  for (std::size_t i = 0; i < count; ++i) {
    const auto index = (first + i) % count;
    auto http = to_http(request);
    http.url.insert(0, options_.endpoints[index]);
    const auto started = clock_.steady();
    waiting->asks(options_.endpoints[index], options_.timeout);
    auto reply = co_await transport_.exchange(http);
    ++(http.writes ? writes_ : reads_);
    trace(request, reply, clock_.steady() - started);
    if (reply.delivery == async::Delivery::answered) {
      endpoint_ = index;
      silence_.ended(clock_.steady());
      silence_watch_.answered(options_.endpoints[index]);
      auto result = decode(request, reply);
      const auto& time = result ? result->server_time : result.error().server_time;
      if (!time.empty()) server_time_ = time;
      co_return std::move(result);
    }
    waiting->failed(redactor_.clean(reply.error));
    last = std::unexpected(no_answer(request, reply, options_.endpoints[index]));
    const bool may_go_on = reply.delivery == async::Delivery::not_sent || is_read(request);
    if (is_pin_mismatch(reply)) co_return std::move(last);
    if (!may_go_on) break;
  }
  // one that takes the request and is slow is no silent one
  if (last.error().failure == ApiFailure::not_sent)
    silence_.met(began, clock_.steady(), last.error().message);
  co_return std::move(last);
}

async::HttpRequest Client::to_http(const ApiRequest& request) const {
  async::HttpRequest http;
  http.method = request.method;
  http.url = "/api2/json" + request.path;
  const auto form = encode_form(request.parameters);
  http.headers.emplace_back("Authorization", "PVEAPIToken=" + options_.token);
  http.headers.emplace_back("Accept", "application/json");
  if (parameters_in_query(request)) {
    if (!form.empty()) http.url += "?" + form;
  } else {
    http.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    http.body = form;
  }
  http.writes = !is_read(request);
  http.trust = options_.trust;
  http.timeout = options_.timeout;
  http.label = describe(request, redactor_);
  return http;
}

Redactor Client::redactor_for(const ApiRequest& request) const {
  auto redactor = redactor_;
  for (const auto& [name, value] : request.parameters) {
    if (Redactor::is_secret_parameter(name)) redactor.add(value);
  }
  return redactor;
}

ApiResult Client::decode(const ApiRequest& request, const async::HttpReply& reply) const {
  auto result = decode_envelope(reply, title(request), !is_read(request));
  if (result) return result;
  const auto redactor = redactor_for(request);
  auto& error = result.error();
  error.message = redactor.clean(std::move(error.message));
  for (auto& [parameter, text] : error.parameters) text = redactor.clean(std::move(text));
  return result;
}

ApiError Client::no_answer(const ApiRequest& request, const async::HttpReply& reply,
                           const std::string& endpoint) const {
  ApiError error;
  error.request = title(request);
  const bool left = reply.delivery == async::Delivery::unknown;
  error.failure = left ? ApiFailure::unknown_outcome : ApiFailure::not_sent;
  error.message = fmt::format("{}: {}", endpoint,
                              redactor_.clean(reply.error.empty() ? "no answer" : reply.error));
  if (is_pin_mismatch(reply)) {
    error.failure = ApiFailure::untrusted;  // repeating it would only ask the same stranger again
    if (options_.trust.fingerprints.empty()) {
      error.message = fmt::format(
          "No authority that this system trusts has signed the server's certificate. Name its "
          "authority with tls.ca_file, or the certificate with tls.fingerprint. It has the "
          "fingerprint {}: compare that with the one that the node's own console shows",
          reply.seen_fingerprint);
      return error;
    }
    error.message = fmt::format(
        "The server showed a certificate with the fingerprint {}, but tls.fingerprint says {}. "
        "Compare it with the one that the node's own console shows; only if they agree, put it "
        "into the topology",
        reply.seen_fingerprint, fmt::join(options_.trust.fingerprints, " or "));
  }
  return error;
}

void Client::trace(const ApiRequest& request, const async::HttpReply& reply,
                   std::chrono::nanoseconds took) const {
  if (options_.trace == nullptr) return;
  const auto redactor = redactor_for(request);
  const auto end = reply.delivery == async::Delivery::answered
                       ? fmt::format("{} {}", reply.status, reply.reason)
                       : reply.error;
  options_.trace->trace(redactor.clean(
      fmt::format("{} -> {} ({} bytes, {} ms)", describe(request, redactor), end, reply.body.size(),
                  std::chrono::duration_cast<std::chrono::milliseconds>(took).count())));
}

}  // namespace pveplan::pve
