#include "providers/async/curl_transfer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <new>
#include <stdexcept>
#include <system_error>

namespace pveplan::async {
namespace {

/// The server closes connections that have been idle for 5 s.
constexpr long kMostIdleSeconds = 4;

std::string seconds_text(std::chrono::milliseconds time) {
  return time.count() % 1000 == 0 ? fmt::format("{} s", time.count() / 1000)
                                  : fmt::format("{} ms", time.count());
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

}  // namespace

CurlTransfer::CurlTransfer(CurlPoller& poller, const HttpRequest& request,
                           const CurlOptions& options)
    : poller_(poller),
      request_(request),
      options_(options),
      easy_(curl_easy_init()),
      verification_(request.trust) {
  if (easy_ == nullptr) throw std::bad_alloc();
  set_callbacks();
  set_connection();
  set_trust();
  set_client_identity();
  set_request();
}

CurlTransfer::~CurlTransfer() {
  if (started_) {
    curl_multi_remove_handle(poller_.multi_, easy_);
    --poller_.transfers_;
  }
  curl_easy_cleanup(easy_);
  curl_slist_free_all(headers_);
}

template <typename Value>
void CurlTransfer::set(CURLoption option, Value value) {
  const CURLcode code = curl_easy_setopt(easy_, option, value);
  if (code != CURLE_OK) throw std::runtime_error(curl_easy_strerror(code));
}

void CurlTransfer::set_callbacks() {
  set(CURLOPT_PRIVATE, static_cast<void*>(this));
  set(CURLOPT_ERRORBUFFER, error_.data());
  set(CURLOPT_HEADERFUNCTION, &CurlTransfer::on_header);
  set(CURLOPT_HEADERDATA, static_cast<void*>(this));
  set(CURLOPT_WRITEFUNCTION, &CurlTransfer::on_body);
  set(CURLOPT_WRITEDATA, static_cast<void*>(this));
  set(CURLOPT_PREREQFUNCTION, &CurlTransfer::on_send);
  set(CURLOPT_PREREQDATA, static_cast<void*>(this));
}

void CurlTransfer::set_connection() {
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_QUICK_EXIT, 1L);
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_PROTOCOLS_STR, "https,http");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_PROXY, options_.proxy.c_str());
  set(CURLOPT_USERAGENT, options_.user_agent.c_str());
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request_.connect_timeout.count()));
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(request_.timeout.count()));
  if (request_.writes) {
    set(CURLOPT_FRESH_CONNECT, 1L);
  } else {
    set(CURLOPT_MAXAGE_CONN, kMostIdleSeconds);
  }
}

void CurlTransfer::set_trust() {
  // A resumed session shows no certificate, and newer versions of libcurl keep sessions longer.
  set(CURLOPT_SSL_SESSIONID_CACHE, 0L);
  const bool check = verification_.pinned() || !request_.trust.insecure;
  set(CURLOPT_SSL_VERIFYPEER, check ? 1L : 0L);
  set(CURLOPT_SSL_VERIFYHOST, check && !verification_.pinned() ? 2L : 0L);
  if (!check) return;
  set(CURLOPT_SSL_CTX_FUNCTION, &CurlTransfer::on_tls_context);
  set(CURLOPT_SSL_CTX_DATA, static_cast<void*>(this));
  if (verification_.pinned()) {
    // libcurl does not know our pins, but it reuses connections and TLS sessions only among
    // requests with the same CA settings. This folder is never looked into: our callback decides
    // alone.
    set(CURLOPT_CAINFO, static_cast<char*>(nullptr));
    set(CURLOPT_CAPATH, ("/nowhere/" + verification_.pin_name()).c_str());
  } else if (!request_.trust.ca_pem.empty()) {
    set_blob(CURLOPT_CAINFO_BLOB, request_.trust.ca_pem);
    set(CURLOPT_CAPATH, static_cast<char*>(nullptr));
  } else if (!request_.trust.ca_file.empty()) {
    set(CURLOPT_CAINFO, request_.trust.ca_file.c_str());
    set(CURLOPT_CAPATH, static_cast<char*>(nullptr));
  }
}

/// The transfer's own certificate is part of what libcurl compares before it reuses a connection.
void CurlTransfer::set_client_identity() {
  if (request_.client_certificate.empty()) return;
  set(CURLOPT_SSLCERTTYPE, "PEM");
  set(CURLOPT_SSLKEYTYPE, "PEM");
  set_blob(CURLOPT_SSLCERT_BLOB, request_.client_certificate);
  set_blob(CURLOPT_SSLKEY_BLOB, request_.client_key);
}

/// The text must live as long as the transfer.
void CurlTransfer::set_blob(CURLoption option, const std::string& text) {
  curl_blob blob{};
  blob.data = const_cast<char*>(text.data());
  blob.len = text.size();
  blob.flags = CURL_BLOB_NOCOPY;
  set(option, &blob);
}

void CurlTransfer::set_request() {
  set(CURLOPT_URL, request_.url.c_str());
  if (request_.method == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
  } else {
    const bool has_body =
        !request_.body.empty() || request_.method == "POST" || request_.method == "PUT";
    if (has_body) {
      set(CURLOPT_POST, 1L);
      set(CURLOPT_POSTFIELDS, request_.body.data());
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    }
    set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  }
  headers_ = curl_slist_append(headers_, "Expect:");
  for (const auto& [name, value] : request_.headers) {
    // "Name;" is how libcurl is told to send a header without a value.
    const std::string line = value.empty() ? name + ";" : name + ": " + value;
    malformed_ = malformed_ || line.find_first_of("\r\n") != std::string::npos;
    headers_ = curl_slist_append(headers_, line.c_str());
  }
  set(CURLOPT_HTTPHEADER, headers_);
}

void CurlTransfer::start() {
  const CURLMcode code = curl_multi_add_handle(poller_.multi_, easy_);
  if (code != CURLM_OK) throw std::runtime_error(curl_multi_strerror(code));
  started_ = true;
  ++poller_.transfers_;
}

Task<HttpReply> CurlTransfer::reply() {
  const int finished = co_await done_.wait();
  const auto code = static_cast<CURLcode>(finished);
  if (code == CURLE_OK) {
    reply_.delivery = Delivery::answered;
    co_return std::move(reply_);
  }
  HttpReply lost;
  lost.delivery = sending_ ? Delivery::unknown : Delivery::not_sent;
  lost.error = error_text(code);
  if (code == CURLE_PEER_FAILED_VERIFICATION || !verification_.refusal().empty()) {
    lost.seen_fingerprint = verification_.shown();
  }
  co_return lost;
}

/// Without the host that libcurl's texts name: whoever tells of the request says where it went.
std::string CurlTransfer::no_connection_text(CURLcode code) const {
  if (code == CURLE_COULDNT_RESOLVE_HOST) return "the name cannot be resolved";
  if (code == CURLE_OPERATION_TIMEDOUT)
    return sending_ ? "no answer within " + seconds_text(request_.timeout)
                    : "no connection within " +
                          seconds_text(std::min(request_.connect_timeout, request_.timeout));
  long number = 0;
  curl_easy_getinfo(easy_, CURLINFO_OS_ERRNO, &number);
  return code == CURLE_COULDNT_CONNECT && number != 0
             ? std::generic_category().message(static_cast<int>(number))
             : std::string();
}

std::string CurlTransfer::error_text(CURLcode code) const {
  if (too_long_) {
    return fmt::format("the answer is longer than {} MiB", options_.most_body_bytes >> 20);
  }
  std::string refusal = verification_.refusal();
  if (!refusal.empty()) return refusal;
  auto missing = no_connection_text(code);
  if (!missing.empty()) return missing;
  const std::string detail(trimmed(error_.data()));
  return detail.empty() ? curl_easy_strerror(code) : detail;
}

/// A status line starts a new set of headers: that of an interim answer (1xx) is dropped.
void CurlTransfer::take_header(std::string_view line) {
  if (line.starts_with("HTTP/")) {
    reply_ = HttpReply();
    long status = 0;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    reply_.status = static_cast<int>(status);
    const auto code = line.find(' ');
    const auto reason = code == std::string_view::npos ? code : line.find(' ', code + 1);
    if (reason != std::string_view::npos) reply_.reason = trimmed(line.substr(reason));
    return;
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return;
  std::string name(trimmed(line.substr(0, colon)));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  reply_.headers.emplace_back(std::move(name), trimmed(line.substr(colon + 1)));
}

std::size_t CurlTransfer::take_body(std::string_view bytes) {
  too_long_ = reply_.body.size() + bytes.size() > options_.most_body_bytes;
  if (too_long_) return 0;
  reply_.body += bytes;
  return bytes.size();
}

std::size_t CurlTransfer::on_header(char* bytes, std::size_t size, std::size_t count, void* self) {
  static_cast<CurlTransfer*>(self)->take_header({bytes, size * count});
  return size * count;
}

std::size_t CurlTransfer::on_body(char* bytes, std::size_t size, std::size_t count, void* self) {
  return static_cast<CurlTransfer*>(self)->take_body({bytes, size * count});
}

int CurlTransfer::on_send(void* self, char*, char*, int, int) {
  static_cast<CurlTransfer*>(self)->sending_ = true;
  return CURL_PREREQFUNC_OK;
}

CURLcode CurlTransfer::on_tls_context(CURL*, void* context, void* self) {
  static_cast<CurlTransfer*>(self)->verification_.attach(static_cast<ssl_ctx_st*>(context));
  return CURLE_OK;
}

}  // namespace pveplan::async
