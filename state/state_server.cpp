#include "state/state_server.hpp"

#include "providers/async/retry.hpp"
#include "schema/json.hpp"
#include "state/content_md5.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace pveplan::state {
namespace {

using async::Delivery;
using async::HttpReply;

/// A proxy may ask for hours; nobody waits that long for a state.
constexpr std::chrono::seconds kLongestRetryAfter{300};
constexpr std::size_t kMostOfBody = 200;

/// 1, 2, 4 … times the shortest wait.
async::Delays delays_of(const HttpOptions& options) {
  async::Delays delays;
  auto next = options.retry_wait_min;
  for (std::size_t i = 0; i < options.retry_max; ++i) {
    delays.push_back(std::min(next, options.retry_wait_max));
    next = std::min(2 * next, options.retry_wait_max);
  }
  return delays;
}

bool worth_repeating(const HttpReply& reply) {
  if (!reply.seen_fingerprint.empty()) return false;  // it will show the same certificate again
  if (reply.delivery != Delivery::answered || reply.status == 0) return true;
  return reply.status == 429 || (reply.status >= 500 && reply.status != 501);
}

bool may_have_had_its_effect(const HttpReply& reply) {
  return reply.delivery == Delivery::unknown ||
         (reply.delivery == Delivery::answered && reply.status >= 500);
}

std::chrono::milliseconds retry_after(const HttpReply& reply) {
  const auto header = reply.header("retry-after");
  int seconds = 0;
  if (header) std::from_chars(header->data(), header->data() + header->size(), seconds);
  return std::clamp(std::chrono::seconds(seconds), std::chrono::seconds(0), kLongestRetryAfter);
}

/// What a server says of an error, on one line and not too long.
std::string words_of(const HttpReply& reply) {
  auto text = reply.body.substr(0, kMostOfBody);
  std::replace_if(
      text.begin(), text.end(), [](char each) { return static_cast<unsigned char>(each) < ' '; },
      ' ');
  while (!text.empty() && text.back() == ' ') text.pop_back();
  const auto status = fmt::format("{} {}", reply.status, reply.reason);
  return text.empty() ? status : fmt::format("{}: {}", status, text);
}

std::string without_query(const std::string& url) { return url.substr(0, url.find('?')); }

schema::Diagnostic refused(const char* what, const std::string& url, const HttpReply& reply) {
  const auto place = without_query(url);
  if (reply.delivery != Delivery::answered) {
    return schema::error("State server not reached",
                         fmt::format("The {} at {} got no answer: {}.", what, place, reply.error));
  }
  if (reply.status == 401) {
    return schema::error(
        "State server wants a login",
        fmt::format("{} answers 401: give `user` and `password` in `state`, or "
                    "a header.",
                    place));
  }
  if (reply.status == 403) {
    return schema::error(
        "State server refuses the login",
        fmt::format("{} answers 403: the login is wrong, or it may not do the {}.", place, what));
  }
  return schema::error("State server refuses", fmt::format("The {} at {} was answered with {}.",
                                                           what, place, words_of(reply)));
}

bool is_held(const HttpReply& reply) { return reply.status == 423 || reply.status == 409; }

schema::Diagnostic damaged_on_the_way(const std::string& url, const char* how) {
  return schema::error("State damaged on the way",
                       fmt::format("The state from {} {}. Nothing was changed. Try again; if it "
                                   "stays so, something between here and the server changes it.",
                                   without_query(url), how));
}

}  // namespace

std::string StateServer::address() const { return without_query(options_.address); }

async::HttpRequest StateServer::request(const std::string& method, const std::string& url,
                                        const std::string& body) const {
  async::HttpRequest request;
  request.method = method;
  request.url = url;
  request.body = body;
  request.writes = method != "GET";
  request.trust = options_.trust;
  request.client_certificate = options_.client_certificate;
  request.client_key = options_.client_key;
  request.headers = options_.headers;
  if (!options_.username.empty()) {
    request.headers.emplace_back("Authorization",
                                 "Basic " + base64(options_.username + ":" + options_.password));
  }
  if (!body.empty()) {
    request.headers.emplace_back("Content-Type", "application/json");
    const auto md5 = content_md5(body);
    if (!md5.empty()) request.headers.emplace_back("Content-MD5", md5);
  }
  request.label = method + " " + without_query(url);
  return request;
}

async::Task<StateServer::Answer> StateServer::send(std::string method, std::string url,
                                                   std::string body) {
  Answer answer;
  async::Backoff backoff(delays_of(options_));
  for (;;) {
    auto sent = request(method, url, body);
    auto reply = co_await transport_.exchange(std::move(sent));
    answer.reply = std::move(reply);
    if (!worth_repeating(answer.reply)) co_return answer;
    const bool unclear = may_have_had_its_effect(answer.reply);
    backoff.at_least(retry_after(answer.reply));
    const bool again = co_await backoff.wait();
    if (!again) co_return answer;
    answer.maybe_done_before = answer.maybe_done_before || unclear;
  }
}

async::Task<schema::Result<std::optional<std::string>>> StateServer::get() {
  using Body = std::optional<std::string>;
  auto answer = co_await send("GET", options_.address, std::string());
  auto& reply = answer.reply;
  const bool answered = reply.delivery == Delivery::answered;
  if (answered && (reply.status == 204 || reply.status == 404)) co_return Body();
  if (!answered || reply.status != 200)
    co_return std::unexpected(refused("reading of the state", options_.address, reply));
  if (const auto md5 = reply.header("content-md5")) {
    const auto verdict = check_md5(*md5, reply.body);
    if (verdict == Md5Verdict::unreadable)
      co_return std::unexpected(
          damaged_on_the_way(options_.address, "comes with a Content-MD5 that is none"));
    if (verdict == Md5Verdict::wrong)
      co_return std::unexpected(
          damaged_on_the_way(options_.address, "does not fit its Content-MD5"));
  }
  if (reply.body.empty()) co_return Body();
  co_return Body(std::move(reply.body));
}

async::Task<schema::Result<void>> StateServer::put(std::string body, std::string lock_id) {
  auto url = options_.address;
  if (!lock_id.empty())
    url += (url.find('?') == std::string::npos ? "?ID=" : "&ID=") + std::move(lock_id);
  auto answer = co_await send(options_.update_method, url, std::move(body));
  const auto& reply = answer.reply;
  const bool answered = reply.delivery == Delivery::answered;
  if (answered && (reply.status == 200 || reply.status == 201 || reply.status == 204))
    co_return schema::Result<void>();
  if (answered && is_held(reply)) {
    co_return std::unexpected(schema::error(
        "State lock lost",
        fmt::format(
            "{} does not take the state any more ({}): the lock of this run was taken away, "
            "or another run holds it.",
            address(), words_of(reply))));
  }
  co_return std::unexpected(refused("writing of the state", options_.address, reply));
}

async::Task<schema::Result<std::optional<LockInfo>>> StateServer::lock(LockInfo info) {
  using Holder = std::optional<LockInfo>;
  auto answer = co_await send(options_.lock_method, options_.lock_address, write_lock_info(info));
  const auto& reply = answer.reply;
  if (reply.delivery != Delivery::answered || (reply.status != 200 && !is_held(reply)))
    co_return std::unexpected(refused("locking of the state", options_.lock_address, reply));
  if (reply.status == 200) co_return Holder();
  // The first answer may have been lost: then the server names us.
  auto holder = read_lock_info(reply.body);
  if (holder.id == info.id) co_return Holder();
  if (holder.id.empty()) holder.info = words_of(reply);
  co_return Holder(std::move(holder));
}

async::Task<schema::Result<void>> StateServer::unlock(std::string body, std::string id) {
  auto answer = co_await send(options_.unlock_method, options_.unlock_address, std::move(body));
  const auto& reply = answer.reply;
  const bool answered = reply.delivery == Delivery::answered;
  if (answered && reply.status == 200) co_return schema::Result<void>();
  // What may have been done by an attempt whose answer was lost cannot be done again.
  const bool refuses = answered && reply.status >= 400 && reply.status < 500 &&
                       reply.status != 401 && reply.status != 403;
  if (answer.maybe_done_before && refuses && read_lock_info(reply.body).id != id)
    co_return schema::Result<void>();
  co_return std::unexpected(refused("unlocking of the state", options_.unlock_address, reply));
}

}  // namespace pveplan::state
