#include "tests/support/sim_transport.hpp"

#include "providers/async/sleep.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace pveplan::sim {
namespace {

using async::Delivery;
using async::HttpReply;
using async::HttpRequest;

std::string authority_of(const std::string& url) {
  const auto scheme = url.find("://");
  const auto begin = scheme == std::string::npos ? 0 : scheme + 3;
  return url.substr(begin, url.find('/', begin) - begin);
}

HttpReply no_answer(Delivery delivery, std::string error) {
  HttpReply reply;
  reply.delivery = delivery;
  reply.error = std::move(error);
  return reply;
}

HttpReply answered(SimAnswer answer) {
  HttpReply reply;
  reply.delivery = Delivery::answered;
  reply.status = answer.status;
  reply.reason = std::move(answer.reason);
  reply.body = std::move(answer.body);
  for (auto& [name, value] : answer.headers) {
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    reply.headers.emplace_back(std::move(name), std::move(value));
  }
  return reply;
}

/// A request between its sending and its effect. When the frame goes that waits for it, the network
/// still has it.
class Underway {
 public:
  Underway(SimNetwork& network, SimService& service, const HttpRequest& request)
      : network_(network), service_(service), request_(request) {}
  Underway(const Underway&) = delete;
  Underway& operator=(const Underway&) = delete;
  ~Underway() {
    if (!settled_) network_.abandon(service_, request_);
  }
  SimAnswer arrive() {
    settled_ = true;
    return network_.deliver(service_, request_);
  }
  void lose() { settled_ = true; }

 private:
  SimNetwork& network_;
  SimService& service_;
  const HttpRequest& request_;
  bool settled_ = false;
};

}  // namespace

SimService* SimNetwork::find(const std::string& url) const {
  const auto found = services_.find(authority_of(url));
  return found == services_.end() ? nullptr : found->second;
}

Fate SimNetwork::fate(const HttpRequest& request) {
  return faults_ == nullptr ? Fate::deliver : faults_->fate(request);
}

Duration SimNetwork::latency(const HttpRequest& request) {
  return faults_ == nullptr ? std::chrono::milliseconds(1) : faults_->latency(request);
}

SimAnswer SimNetwork::deliver(SimService& service, const HttpRequest& request) {
  SimAnswer answer = service.handle(request, clock_.now());
  trace_.add(fmt::format("effect {} {} {} -> {} {} {}", request.method, request.url, request.body,
                         answer.status, answer.reason, answer.body));
  return answer;
}

void SimNetwork::abandon(SimService& service, const HttpRequest& request) {
  if (request.method == "GET" || draws_.one_in(3)) return;
  const auto delay = std::chrono::milliseconds(draws_.below(30'000));
  clock_.at(clock_.now() + delay, [this, &service, request] { deliver(service, request); });
}

async::Task<HttpReply> SimTransport::exchange(HttpRequest request) {
  const std::string line = fmt::format("{} {}", request.method, request.url);
  if (!control_.enter(fmt::format("send {} {}", line, request.body))) {
    co_return no_answer(Delivery::not_sent, "the process has been stopped");
  }
  SimService* service = network_.find(request.url);
  const Fate fate = service == nullptr ? Fate::refuse : network_.fate(request);
  const Duration latency = network_.latency(request);
  const Duration deadline = async::Loop::current().now() + request.timeout;
  if (fate == Fate::refuse) {
    co_await async::sleep_for(std::min<Duration>(latency, request.connect_timeout));
    co_return no_answer(Delivery::not_sent, "connection refused");
  }

  SimAnswer answer;
  {
    Underway underway(network_, *service, request);
    const bool too_late = latency > request.timeout;
    co_await async::sleep_for(too_late ? Duration(request.timeout) : latency);
    if (too_late) co_return no_answer(Delivery::unknown, "timed out");
    if (fate == Fate::lose_before_effect) {
      underway.lose();
    } else {
      answer = underway.arrive();
    }
  }
  if (answer.fate == Fate::refuse) co_return no_answer(Delivery::not_sent, "connection refused");
  const bool lost = fate != Fate::deliver || answer.fate != Fate::deliver;
  const Duration still = std::max(answer.ready_at - network_.now(), Duration(0));
  const Duration arrival = async::Loop::current().now() + still + latency;
  co_await async::sleep_until(std::min(arrival, deadline));
  if (!control_.enter("answer to " + line)) co_return no_answer(Delivery::unknown, "stopped");
  if (lost) co_return no_answer(Delivery::unknown, "the connection died");
  if (arrival > deadline) co_return no_answer(Delivery::unknown, "timed out");
  co_return answered(std::move(answer));
}

}  // namespace pveplan::sim
