#include "providers/async/curl_transport.hpp"

#include "providers/async/curl_transfer.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <limits>
#include <new>
#include <utility>
#include <vector>

namespace pveplan::async {
namespace {

/// "https://host:port" of a URL.
std::string origin_of(const std::string& url) {
  const auto scheme = url.find("://");
  return url.substr(0, url.find('/', scheme == std::string::npos ? 0 : scheme + 3));
}

/// Rounded up, so that a timer is due when the wait for it ends.
int milliseconds_of(std::chrono::nanoseconds timeout) {
  constexpr auto kMost = std::chrono::milliseconds(std::numeric_limits<int>::max());
  if (timeout.count() < 0) return static_cast<int>(kMost.count());
  const auto rounded = std::chrono::ceil<std::chrono::milliseconds>(timeout);
  return static_cast<int>(std::min(rounded, kMost).count());
}

}  // namespace

CurlPoller::CurlPoller(DescriptorWaits& waits) : waits_(waits) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  multi_ = curl_multi_init();
  if (multi_ == nullptr) throw std::bad_alloc();
}

CurlPoller::~CurlPoller() {
  curl_multi_cleanup(multi_);
  curl_global_cleanup();
}

bool CurlPoller::poll(std::chrono::nanoseconds timeout) {
  const bool idle = transfers_ == 0 && waits_.empty();
  if (idle && timeout.count() < 0) return false;
  if (idle && timeout.count() == 0) return true;
  wait(timeout);
  if (transfers_ > 0) perform();
  return true;
}

void CurlPoller::perform() {
  int running = 0;
  curl_multi_perform(multi_, &running);
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    char* transfer = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
    reinterpret_cast<CurlTransfer*>(transfer)->finish(message->data.result);
  }
}

void CurlPoller::wait(std::chrono::nanoseconds timeout) {
  const auto wanted = waits_.wanted();
  std::vector<curl_waitfd> descriptors;
  descriptors.reserve(wanted.size());
  for (const auto& each : wanted) {
    curl_waitfd descriptor{};
    descriptor.fd = each.fd;
    descriptor.events = each.writing ? CURL_WAIT_POLLOUT : CURL_WAIT_POLLIN;
    descriptors.push_back(descriptor);
  }
  curl_multi_poll(multi_, descriptors.data(), static_cast<unsigned>(descriptors.size()),
                  milliseconds_of(timeout), nullptr);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (descriptors[i].revents != 0) waits_.ready(wanted[i].fd, wanted[i].writing);
  }
}

CurlTransport::CurlTransport(CurlPoller& poller, CurlOptions options)
    : poller_(poller),
      options_(std::move(options)),
      slots_(static_cast<std::size_t>(std::max(options_.connections_per_host, 1L))) {
  curl_multi_setopt(poller_.multi_, CURLMOPT_MAX_HOST_CONNECTIONS, options_.connections_per_host);
}

Task<HttpReply> CurlTransport::exchange(HttpRequest request) {
  std::vector<std::string> pools(1, origin_of(request.url));
  const auto permit = co_await slots_.acquire(std::move(pools));
  CurlTransfer transfer(poller_, request, options_);
  if (transfer.malformed()) {
    HttpReply refused;
    refused.error = "a header contains a line break";
    co_return refused;
  }
  transfer.start();
  auto reply = co_await transfer.reply();
  co_return reply;
}

}  // namespace pveplan::async
