#include "lab/server/lab_server.hpp"

#include "lab/core/core.hpp"
#include "lab/core/envelope.hpp"
#include "lab/core/http.hpp"
#include "lab/core/text.hpp"
#include "lab/server/mirror_server.hpp"
#include "schema/json.hpp"

#include <boost/asio.hpp>
#include <boost/beast.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/zlib.hpp>
#include <boost/crc.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <array>
#include <csignal>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <sstream>

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
/// Answers up to this size are never compressed.
constexpr std::size_t kSmallBody = 1024;
constexpr std::size_t kWorkers = 3;
/// After so many requests a worker process ends, and its connections with it.
constexpr int kWorkersLife = 1000;

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

/// The bytes as a gzip file.
std::string gzipped(const std::string& text) {
  beast::zlib::deflate_stream stream;
  std::string packed(stream.upper_bound(text.size()) + 64, '\0');
  beast::zlib::z_params work;
  work.next_in = text.data();
  work.avail_in = text.size();
  work.next_out = packed.data();
  work.avail_out = packed.size();
  error_code ended;
  stream.write(work, beast::zlib::Flush::finish, ended);
  packed.resize(work.total_out);
  boost::crc_32_type sum;
  sum.process_bytes(text.data(), text.size());
  std::string tail;
  for (const std::uint32_t number : {sum.checksum(), static_cast<std::uint32_t>(text.size())}) {
    for (int shift = 0; shift < 32; shift += 8) tail += static_cast<char>(number >> shift);
  }
  return std::string("\x1f\x8b\x08\0\0\0\0\0\0\3", 10) + packed + tail;
}

schema::Diagnostic cannot_listen(const std::string& address, unsigned port,
                                 const error_code& cause) {
  return schema::error("The lab cannot listen",
                       fmt::format("The address {}:{} cannot be used: {}. Stop what listens there, "
                                   "or choose another port with --port.",
                                   address, port, cause.message()));
}

/// One of the processes among which the real server shares its connections.
struct Worker {
  int served = 0;
  int generation = 0;
  void serve() {
    if (++served < kWorkersLife) return;
    served = 0;
    ++generation;
  }
};

}  // namespace

/// The core with its clock and its folder, and the sockets of all nodes.
class LabServer::Impl {
 public:
  Impl(World world, async::Files& files, ServerOptions options);

  schema::Result<void> listen();
  std::uint16_t port() const { return options_.port; }
  std::uint16_t mirror_port() const { return mirror_.port(); }
  std::vector<std::string> mirror_urls() const;
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
  schema::Result<void> open_mirror(std::uint16_t wanted);
  void accept(tcp::acceptor& acceptor, const std::string& node);
  void welcome(tcp::socket socket, const std::string& node);
  schema::Result<void> write_counts();
  void save();

  asio::io_context loop_{1};
  asio::ssl::context tls_{asio::ssl::context::tls_server};
  asio::signal_set signals_{loop_};
  std::list<tcp::acceptor> acceptors_;
  Core core_;
  MirrorServer mirror_{loop_, core_.world().storage.mirror};
  std::array<Worker, kWorkers> workers_;
  async::Files& files_;
  ServerOptions options_;
  WorldStore store_;
  std::map<std::string, std::int64_t> counts_;  ///< by "GET /version" and "GET /version 200"
  std::uint64_t connections_ = 0;
  std::optional<schema::Diagnostic> failure_;
  Time start_;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

namespace {

/// What a connection needs of the server.
struct Connection {
  std::string node;
  std::uint64_t number = 0;
  Worker* worker = nullptr;
  std::function<Answer(const Request&)> serve;
  std::function<std::chrono::nanoseconds(const Answer&)> delay;
  std::function<Time()> date;
};

/// One connection over TLS, kept alive by its own pending operation.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(beast::tcp_stream stream, asio::ssl::context& tls, beast::flat_buffer begun,
          Connection connection)
      : stream_(std::move(stream), tls),
        timer_(stream_.get_executor()),
        connection_(std::move(connection)),
        generation_(connection_.worker->generation),
        buffer_(std::move(begun)) {}

  void start() {
    beast::get_lowest_layer(stream_).expires_after(kStalled);
    stream_.async_handshake(asio::ssl::stream_base::server, buffer_.data(),
                            [self = shared_from_this()](error_code failed, std::size_t used) {
                              self->buffer_.consume(used);
                              if (!failed) self->read();
                            });
  }

 private:
  void read() {
    parser_.emplace();
    parser_->header_limit(kLargestHead);
    parser_->body_limit(kLargestUpload);
    beast::get_lowest_layer(stream_).expires_after(kIdle);
    http::async_read_header(
        stream_, buffer_, *parser_,
        [self = shared_from_this()](error_code failed, std::size_t) { self->read_body(failed); });
  }

  /// Only files may be large.
  void read_body(error_code failed) {
    if (failed) return take(failed);
    if (!is_upload(request_from(parser_->get()))) {
      if (parser_->content_length().value_or(0) > kLargestBody)
        return take(http::error::body_limit);
      parser_->body_limit(kLargestBody);
    }
    http::async_read(
        stream_, buffer_, *parser_,
        [self = shared_from_this()](error_code error, std::size_t) { self->take(error); });
  }

  void take(error_code failed) {
    if (failed == http::error::body_limit) return hold(raw_error(501, "for data too large"));
    if (failed == http::error::end_of_stream) return shut_down();
    if (failed) return;
    ++requests_;
    Request request = request_from(parser_->get());
    request.node = connection_.node;
    request.connection = connection_.number;
    Answer answer = connection_.serve(request);
    connection_.worker->serve();
    cuts_ = answer.disposition == Disposition::cut;
    if (answer.disposition != Disposition::send && !cuts_) return drop(answer.disposition);
    hold(std::move(answer));
  }

  void hold(Answer answer) {
    keep_ = !answer.closes_connection() && parser_->get().keep_alive() &&
            requests_ < kMostRequests && generation_ == connection_.worker->generation;
    const auto wait = connection_.delay(answer);
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
    const std::string codings(parser_->get()[http::field::accept_encoding]);
    if (answer.body.size() > kSmallBody && codings.find("gzip") != std::string::npos) {
      answer.body = gzipped(answer.body);
      response_.set(http::field::content_encoding, "gzip");
    }
    response_.body() = std::move(answer.body);
    response_.keep_alive(keep_);
    response_.set(http::field::connection, keep_ ? "Keep-Alive" : "close");
    response_.prepare_payload();
  }

  void write() {
    response_.set(http::field::date, http_date(connection_.date()));
    beast::get_lowest_layer(stream_).expires_after(kStalled);
    if (cuts_) return write_half();
    http::async_write(stream_, response_,
                      [self = shared_from_this()](error_code failed, std::size_t) {
                        if (failed) return;
                        self->keep_ ? self->read() : self->shut_down();
                      });
  }

  void write_half() {
    std::ostringstream text;
    text << response_;
    half_ = text.str().substr(0, text.str().size() / 2);
    asio::async_write(
        stream_, asio::buffer(half_),
        [self = shared_from_this()](error_code, std::size_t) { self->drop(Disposition::cut); });
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
  Connection connection_;
  int generation_;  ///< of the worker, when the connection was made
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
  std::string half_;
  int requests_ = 0;
  bool keep_ = true;
  bool cuts_ = false;
};

/// Looks whether a new client speaks TLS. Who does not is sent to https, one request long.
class Door : public std::enable_shared_from_this<Door> {
 public:
  using Enter = std::function<void(beast::tcp_stream, beast::flat_buffer)>;

  Door(tcp::socket socket, Enter enter) : stream_(std::move(socket)), enter_(std::move(enter)) {}

  void open() {
    stream_.expires_after(kStalled);
    beast::async_detect_ssl(stream_, buffer_,
                            [self = shared_from_this()](error_code failed, bool speaks_tls) {
                              if (failed) return;
                              if (!speaks_tls) return self->read();
                              self->enter_(std::move(self->stream_), std::move(self->buffer_));
                            });
  }

 private:
  void read() {
    parser_.header_limit(kLargestHead);
    http::async_read_header(stream_, buffer_, parser_,
                            [self = shared_from_this()](error_code failed, std::size_t) {
                              if (!failed) self->redirect();
                            });
  }

  void redirect() {
    const auto& asked = parser_.get();
    const bool only_reads = asked.method() == http::verb::get || asked.method() == http::verb::head;
    response_.result(only_reads ? http::status::moved_permanently
                                : http::status::permanent_redirect);
    response_.set(http::field::location,
                  "https://" + std::string(asked[http::field::host]) + std::string(asked.target()));
    response_.set(http::field::connection, "close");
    response_.prepare_payload();
    http::async_write(stream_, response_, [self = shared_from_this()](error_code, std::size_t) {
      error_code ignored;
      self->stream_.socket().shutdown(tcp::socket::shutdown_both, ignored);
    });
  }

  beast::tcp_stream stream_;
  Enter enter_;
  beast::flat_buffer buffer_;
  http::request_parser<http::empty_body> parser_;
  http::response<http::empty_body> response_;
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
  const std::string call = request.method + " " + api_path(request).value_or(request.path);
  ++counts_[call];
  core_.advance(lab_time());
  Answer answer = core_.handle(request);
  ++counts_[fmt::format("{} {}", call, answer.status)];
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
  return opened ? open_mirror(wanted) : opened;
}

/// The mirror's port follows the API's; any free one when that was free to choose.
schema::Result<void> LabServer::Impl::open_mirror(std::uint16_t wanted) {
  const auto port = wanted == 0 || wanted == 65535 ? 0 : wanted + 1;
  if (auto opened = mirror_.listen(static_cast<std::uint16_t>(port)); !opened) return opened;
  move_mirror(core_.world().storage, mirror_.port());
  return {};
}

std::vector<std::string> LabServer::Impl::mirror_urls() const {
  std::vector<std::string> urls;
  for (const auto& [url, file] : core_.world().storage.mirror) urls.push_back(url);
  return urls;
}

void LabServer::Impl::accept(tcp::acceptor& acceptor, const std::string& node) {
  acceptor.async_accept([this, &acceptor, node](error_code failed, tcp::socket socket) {
    if (failed == asio::error::operation_aborted) return;
    if (!failed) welcome(std::move(socket), node);
    accept(acceptor, node);
  });
}

void LabServer::Impl::welcome(tcp::socket socket, const std::string& node) {
  Connection connection;
  connection.node = node;
  connection.number = ++connections_;
  connection.worker = &workers_[connection.number % kWorkers];
  connection.serve = [this](const Request& request) { return handle(request); };
  connection.delay = [this](const Answer& answer) { return delay_of(answer); };
  connection.date = [this] { return lab_time(); };
  const auto enter = [this, connection = std::move(connection)](beast::tcp_stream stream,
                                                                beast::flat_buffer begun) {
    std::make_shared<Session>(std::move(stream), tls_, std::move(begun), connection)->start();
  };
  std::make_shared<Door>(std::move(socket), enter)->open();
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
std::uint16_t LabServer::mirror_port() const { return impl_->mirror_port(); }
std::vector<std::string> LabServer::mirror_urls() const { return impl_->mirror_urls(); }
void LabServer::stop_at_signals() { impl_->stop_at_signals(); }
schema::Result<void> LabServer::run() { return impl_->run(); }
void LabServer::stop() { impl_->stop(); }

}  // namespace pveplan::lab
