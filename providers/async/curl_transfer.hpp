#pragma once

#include "providers/async/completion.hpp"
#include "providers/async/curl_transport.hpp"
#include "providers/async/tls_verification.hpp"

#include <curl/curl.h>

#include <array>
#include <string>
#include <string_view>

namespace pveplan::async {

/// One request inside libcurl. Only for curl_transport.cpp; destroying it ends the request.
class CurlTransfer {
 public:
  /// The request must outlive it.
  CurlTransfer(CurlPoller& poller, const HttpRequest& request, const CurlOptions& options);
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;
  ~CurlTransfer();

  /// A header would break out of its line: must not be started.
  bool malformed() const { return malformed_; }
  void start();
  /// Called by the poller when libcurl is done with it.
  void finish(CURLcode code) { done_.fulfil(static_cast<int>(code)); }
  Task<HttpReply> reply();

 private:
  template <typename Value>
  void set(CURLoption option, Value value);
  void set_client_identity();
  void set_blob(CURLoption option, const std::string& text);
  void set_request();
  void set_connection();
  void set_trust();
  void set_callbacks();

  void take_header(std::string_view line);
  std::size_t take_body(std::string_view bytes);
  std::string error_text(CURLcode code) const;
  std::string no_connection_text(CURLcode code) const;

  static std::size_t on_header(char* bytes, std::size_t size, std::size_t count, void* self);
  static std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* self);
  static int on_send(void* self, char*, char*, int, int);
  static CURLcode on_tls_context(CURL*, void* context, void* self);

  CurlPoller& poller_;
  const HttpRequest& request_;
  const CurlOptions& options_;
  CURL* easy_;
  curl_slist* headers_ = nullptr;
  std::array<char, CURL_ERROR_SIZE> error_{};
  TlsVerification verification_;
  HttpReply reply_;
  bool sending_ = false;   ///< libcurl was about to send the first byte
  bool too_long_ = false;  ///< the body exceeded its bound
  bool malformed_ = false;
  bool started_ = false;
  Completion<int> done_;
};

}  // namespace pveplan::async
