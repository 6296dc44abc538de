#include "lab/server/lab_server.hpp"

#include "lab/core/core.hpp"
#include "lab/core/envelope.hpp"
#include "lab/core/http.hpp"
#include "schema/json.hpp"

#include <boost/asio.hpp>
#include <boost/beast.hpp>
#include <boost/beast/ssl.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <csignal>
#include <functional>
#include <list>
#include <map>
#include <optional>

namespace pveplan::lab {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;

constexpr int kMostRequests = 100;
constexpr std::chrono::seconds kIdle{5};
/// For a client that stops in the middle of a handshake or does not take its answer.
constexpr std::chrono::seconds kStalled{30};
constexpr std::size_t kLargestHead = 8 * 1024;

Request request_from(const http::request<http::string_body>& given) {
  Request request;
  request.method = std::string(given.method_string());
  const std::string target(given.target());
  const auto mark = target.find('?');
  request.path = target.substr(0, mark);
  if (mark != std::string::npos) request.query = target.substr(mark + 1);
  for (const auto& field : given) {
    request.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
  }
  request.body = given.body();
  return request;
}

std::string http_date(Time time) {
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT",
                     fmt::gmtime(static_cast<std::time_t>(unix_seconds(time))));
}

schema::Diagnostic cannot_listen(const std::string& address, unsigned port,
                                 const error_code& cause) {
  return schema::error("The lab cannot listen",
                       fmt::format("The address {}:{} cannot be used: {}. Stop what listens there, "
                                   "or choose another port with --port.",
                                   address, port, cause.message()));
}

}  // namespace

/// The core with its clock and its folder, and the sockets of all nodes.
class LabServer::Impl {
 public:
  Impl(World world, async::Files& files, ServerOptions options);

  schema::Result<void> listen();
  std::uint16_t port() const { return options_.port; }
  void stop_at_signals();
  schema::Result<void> run();
  void stop() { loop_.stop(); }

  /// What the core says, the world saved.
  Answer handle(const Request& request);
  Time lab_time() const;
  /// How long an answer must still be held back on the wall clock.
  std::chrono::nanoseconds delay_of(const Answer& answer) const;

 private:
  schema::Result<void> open(const std::string& address, const std::string& node);
  schema::Result<void> open_all();
  void accept(tcp::acceptor& acceptor, const std::string& node);
  schema::Result<void> write_counts();
  void save();

  asio::io_context loop_{1};
  asio::ssl::context tls_{asio::ssl::context::tls_server};
  asio::signal_set signals_{loop_};
  std::list<tcp::acceptor> acceptors_;
  Core core_;
  async::Files& files_;
  ServerOptions options_;
  WorldStore store_;
  std::map<std::string, std::int64_t> counts_;  ///< by "GET /version"
  std::uint64_t connections_ = 0;
  std::optional<schema::Diagnostic> failure_;
  Time start_;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

namespace {

/// One connection, kept alive by its own pending operation.
class Session : public std::enable_shared_from_this<Session> {
 public:
  using Serve = std::function<Answer(const Request&)>;
  using Delay = std::function<std::chrono::nanoseconds(const Answer&)>;
  using Date = std::function<Time()>;

  Session(tcp::socket socket, asio::ssl::context& tls, std::string node, std::uint64_t number)
      : stream_(std::move(socket), tls),
        timer_(stream_.get_executor()),
        node_(std::move(node)),
        number_(number) {}

  Serve serve;
  Delay delay;
  Date date;

  void start() {
    beast::get_lowest_layer(stream_).expires_after(kStalled);
    stream_.async_handshake(asio::ssl::stream_base::server,
                            [self = shared_from_this()](error_code failed) {
                              if (!failed) self->read();
                            });
  }

 private:
  void read() {
    parser_.emplace();
    parser_->header_limit(kLargestHead);
    parser_->body_limit(kLargestBody);
    beast::get_lowest_layer(stream_).expires_after(kIdle);
    http::async_read(
        stream_, buffer_, *parser_,
        [self = shared_from_this()](error_code failed, std::size_t) { self->take(failed); });
  }

  void take(error_code failed) {
    if (failed == http::error::body_limit) return hold(raw_error(501, "for data too large"));
    if (failed == http::error::end_of_stream) return shut_down();
    if (failed) return;
    ++requests_;
    Request request = request_from(parser_->get());
    request.node = node_;
    request.connection = number_;
    Answer answer = serve(request);
    if (answer.disposition != Disposition::send) return drop(answer.disposition);
    hold(std::move(answer));
  }

  void hold(Answer answer) {
    keep_ = !answer.closes_connection() && parser_->get().keep_alive() && requests_ < kMostRequests;
    const auto wait = delay(answer);
    fill(std::move(answer));
    if (wait.count() <= 0) return write();
    timer_.expires_after(wait);
    timer_.async_wait([self = shared_from_this()](error_code failed) {
      if (!failed) self->write();
    });
  }

  void fill(Answer answer) {
    response_ = {};
    response_.version(11);
    response_.result(static_cast<unsigned>(answer.status));
    response_.reason(answer.reason);
    for (const auto& [name, text] : answer.headers) response_.set(name, text);
    response_.set(http::field::server, "pve-api-daemon/3.0");
    response_.body() = std::move(answer.body);
    response_.keep_alive(keep_);
    response_.set(http::field::connection, keep_ ? "Keep-Alive" : "close");
    response_.prepare_payload();
  }

  void write() {
    response_.set(http::field::date, http_date(date()));
    beast::get_lowest_layer(stream_).expires_after(kStalled);
    http::async_write(stream_, response_,
                      [self = shared_from_this()](error_code failed, std::size_t) {
                        if (failed) return;
                        self->keep_ ? self->read() : self->shut_down();
                      });
  }

  void shut_down() {
    beast::get_lowest_layer(stream_).expires_after(kIdle);
    stream_.async_shutdown([self = shared_from_this()](error_code) {});
  }

  /// No word more, not even that of TLS. A connection that was refused cannot be undone, so a reset
  /// stands for it.
  void drop(Disposition how) {
    auto& socket = beast::get_lowest_layer(stream_).socket();
    error_code ignored;
    if (how == Disposition::refuse) socket.set_option(asio::socket_base::linger(true, 0), ignored);
    socket.close(ignored);
  }

  beast::ssl_stream<beast::tcp_stream> stream_;
  asio::steady_timer timer_;
  std::string node_;
  std::uint64_t number_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
  int requests_ = 0;
  bool keep_ = true;
};

}  // namespace

LabServer::Impl::Impl(World world, async::Files& files, ServerOptions options)
    : core_(std::move(world)),
      files_(files),
      options_(std::move(options)),
      store_(files, options_.folder),
      start_(core_.now()) {}

Time LabServer::Impl::lab_time() const {
  const std::chrono::duration<double, std::nano> passed =
      std::chrono::steady_clock::now() - started_;
  return start_ + std::chrono::duration_cast<Duration>(passed * options_.speed);
}

std::chrono::nanoseconds LabServer::Impl::delay_of(const Answer& answer) const {
  const std::chrono::duration<double, std::nano> left = answer.not_before - lab_time();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(left / options_.speed);
}

Answer LabServer::Impl::handle(const Request& request) {
  ++counts_[request.method + " " + api_path(request).value_or(request.path)];
  core_.advance(lab_time());
  Answer answer = core_.handle(request);
  if (request.method != "GET") save();
  if (failure_) answer.disposition = Disposition::close_after_effect;
  return answer;
}

/// A lab that cannot keep what it answers must not go on.
void LabServer::Impl::save() {
  if (auto saved = store_.save(core_.world()); !saved) {
    failure_ = saved.error();
    loop_.stop();
  }
}

schema::Result<void> LabServer::Impl::open(const std::string& address, const std::string& node) {
  const tcp::endpoint place(asio::ip::make_address(address), options_.port);
  tcp::acceptor& acceptor = acceptors_.emplace_back(loop_);
  error_code failed;
  acceptor.open(place.protocol(), failed);
  if (!failed) acceptor.set_option(asio::socket_base::reuse_address(true), failed);
  if (!failed) acceptor.bind(place, failed);
  if (!failed) acceptor.listen(asio::socket_base::max_listen_connections, failed);
  if (failed) return std::unexpected(cannot_listen(address, options_.port, failed));
  options_.port = acceptor.local_endpoint().port();
  accept(acceptor, node);
  return {};
}

schema::Result<void> LabServer::Impl::open_all() {
  for (const auto& [name, node] : core_.world().nodes) {
    // A node that stands alone has the number 0.
    const std::string address = fmt::format("127.0.0.{}", std::max(node.id, 1));
    if (auto opened = open(address, name); !opened) return opened;
  }
  return {};
}

schema::Result<void> LabServer::Impl::listen() {
  error_code failed;
  const auto& own = options_.certificate;
  tls_.use_certificate(asio::buffer(own.certificate), asio::ssl::context::pem, failed);
  if (!failed) tls_.use_private_key(asio::buffer(own.key), asio::ssl::context::pem, failed);
  if (failed) {
    return std::unexpected(schema::error(
        "The lab's certificate is unusable",
        fmt::format("The files of '{}' hold no certificate with its key: {}. Make a new world with "
                    "`pveplan lab init`.",
                    options_.folder, failed.message())));
  }
  const auto wanted = options_.port;
  auto opened = open_all();
  // A free port of the first address may be taken on the second one.
  for (int attempt = 0; wanted == 0 && !opened && attempt < 20; ++attempt) {
    acceptors_.clear();
    options_.port = 0;
    opened = open_all();
  }
  return opened;
}

void LabServer::Impl::accept(tcp::acceptor& acceptor, const std::string& node) {
  acceptor.async_accept([this, &acceptor, node](error_code failed, tcp::socket socket) {
    if (failed == asio::error::operation_aborted) return;
    if (!failed) {
      auto session = std::make_shared<Session>(std::move(socket), tls_, node, ++connections_);
      session->serve = [this](const Request& request) { return handle(request); };
      session->delay = [this](const Answer& answer) { return delay_of(answer); };
      session->date = [this] { return lab_time(); };
      session->start();
    }
    accept(acceptor, node);
  });
}

void LabServer::Impl::stop_at_signals() {
  signals_.add(SIGINT);
  signals_.add(SIGTERM);
  signals_.async_wait([this](error_code failed, int) {
    if (!failed) loop_.stop();
  });
}

schema::Result<void> LabServer::Impl::write_counts() {
  schema::Value::Fields fields;
  for (const auto& [call, count] : counts_)
    fields.emplace_back(call, schema::Value::integer(count));
  const std::string text = schema::to_pretty_json(schema::Value::map(std::move(fields)));
  if (auto put = files_.write(options_.folder + "/requests.json", text, 0600); !put) {
    return std::unexpected(
        schema::error("Cannot write the lab's requests", put.error().text() + "."));
  }
  return {};
}

schema::Result<void> LabServer::Impl::run() {
  loop_.run();
  core_.advance(lab_time());
  if (!failure_) save();
  if (failure_) return std::unexpected(*failure_);
  return write_counts();
}

LabServer::LabServer(World world, async::Files& files, ServerOptions options)
    : impl_(std::make_unique<Impl>(std::move(world), files, std::move(options))) {}

LabServer::~LabServer() = default;

schema::Result<void> LabServer::listen() { return impl_->listen(); }
std::uint16_t LabServer::port() const { return impl_->port(); }
void LabServer::stop_at_signals() { impl_->stop_at_signals(); }
schema::Result<void> LabServer::run() { return impl_->run(); }
void LabServer::stop() { impl_->stop(); }

}  // namespace pveplan::lab
