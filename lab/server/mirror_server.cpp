#include "lab/server/mirror_server.hpp"

#include "lab/core/text.hpp"
#include "lab/world/mirror.hpp"

#include <boost/asio.hpp>
#include <fmt/format.h>

#include <memory>
#include <optional>
#include <utility>

namespace pveplan::lab {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;

constexpr std::size_t kLargestRequestHead = 8 * 1024;
constexpr std::int64_t kPiece = 256 * 1024;
constexpr std::string_view kLoopback = "127.0.0.1";

/// What is asked for, as far as the mirror looks at it.
struct Wish {
  std::string method, path;
  std::optional<std::string> range;
};

Wish parse_wish(std::string_view head) {
  Wish wish;
  const auto lines = split(head, '\n');
  const auto words = split(std::string(trim(lines.front())), ' ');
  if (words.size() < 2) return wish;
  wish.method = words[0];
  wish.path = words[1].substr(0, words[1].find('?'));
  for (const std::string& line : lines) {
    const auto colon = line.find(':');
    if (colon == std::string::npos || !same_ignoring_case(line.substr(0, colon), "range")) continue;
    wish.range = std::string(trim(line.substr(colon + 1)));
  }
  return wish;
}

/// First and last byte of "bytes=A-B", "bytes=A-" or "bytes=-N".
std::optional<std::pair<std::int64_t, std::int64_t>> parse_range(const std::string& text,
                                                                 std::int64_t size) {
  if (!matches(text, "bytes=([0-9]+-[0-9]*|-[0-9]+)")) return std::nullopt;
  const auto ends = split(text.substr(6), '-');
  if (ends[0].empty())
    return std::pair(std::max<std::int64_t>(0, size - *to_integer(ends[1])), size - 1);
  const std::int64_t first = *to_integer(ends[0]);
  const std::int64_t last = ends[1].empty() ? size - 1 : std::min(*to_integer(ends[1]), size - 1);
  return std::pair(first, last);
}

std::string path_of(const std::string& url) {
  const auto begin = url.find('/', url.find("://") + 3);
  return begin == std::string::npos ? "/" : url.substr(begin);
}

/// The list of a folder's files, or nothing where it has none.
std::string sums_of(MirrorServer::Table& table, const std::string& path) {
  const auto slash = path.rfind('/');
  const std::string name = path.substr(slash + 1);
  if (name != "SHA256SUMS" && name != "SHA512SUMS") return {};
  std::string text;
  for (auto& [url, file] : table) {
    const std::string other = path_of(url);
    if (other.substr(0, other.rfind('/')) != path.substr(0, slash)) continue;
    text +=
        fmt::format("{}  {}\n", mirror_checksum(file, name == "SHA256SUMS" ? "sha256" : "sha512"),
                    url_file(url));
  }
  return text;
}

/// One connection: reads heads of requests and sends what they ask for.
class MirrorSession : public std::enable_shared_from_this<MirrorSession> {
 public:
  MirrorSession(tcp::socket socket, MirrorServer::Table& table)
      : socket_(std::move(socket)), input_(kLargestRequestHead), table_(table) {}

  void read() {
    asio::async_read_until(socket_, input_, "\r\n\r\n",
                           [self = shared_from_this()](error_code failed, std::size_t size) {
                             if (!failed) self->answer(size);
                           });
  }

 private:
  void answer(std::size_t size) {
    const auto* bytes = static_cast<const char*>(input_.data().data());
    const Wish wish = parse_wish({bytes, size});
    input_.consume(size);
    if (wish.method != "GET" && wish.method != "HEAD")
      return send_text(501, "Unsupported method", "unsupported method\n", wish);
    if (const std::string sums = sums_of(table_, wish.path); !sums.empty())
      return send_text(200, "OK", sums, wish);
    for (const auto& [url, file] : table_) {
      if (path_of(url) == wish.path) return send_file(file, wish);
    }
    send_text(404, "File not found", "File not found\n", wish);
  }

  static std::string head(int status, std::string_view reason, std::int64_t length,
                          const std::string& type, const std::string& more = {}) {
    return fmt::format(
        "HTTP/1.1 {} {}\r\nServer: pveplan-lab\r\nContent-Type: {}\r\nContent-Length: {}\r\n"
        "Accept-Ranges: bytes\r\n{}\r\n",
        status, reason, type, length, more);
  }

  void send_text(int status, std::string_view reason, const std::string& text, const Wish& wish) {
    output_ = head(status, reason, std::ssize(text), "text/plain");
    if (wish.method != "HEAD") output_ += text;
    at_ = end_ = 0;
    write();
  }

  void send_file(const MirrorFile& file, const Wish& wish) {
    const std::string type = media_type_of(wish.path);
    file_ = file;
    at_ = 0;
    end_ = file.size;
    const auto range = wish.range ? parse_range(*wish.range, file.size) : std::nullopt;
    if (range && (range->first > range->second || range->first >= file.size)) {
      output_ = head(416, "Requested Range Not Satisfiable", 0, type,
                     fmt::format("Content-Range: bytes */{}\r\n", file.size));
      end_ = 0;
    } else if (range) {
      at_ = range->first;
      end_ = range->second + 1;
      output_ = head(206, "Partial Content", end_ - at_, type,
                     fmt::format("Content-Range: bytes {}-{}/{}\r\n", at_, end_ - 1, file.size));
    } else {
      output_ = head(200, "OK", file.size, type);
    }
    if (wish.method == "HEAD") end_ = at_;
    write();
  }

  /// What is ready, then the next piece of the file; after the last one the next request.
  void write() {
    asio::async_write(socket_, asio::buffer(output_),
                      [self = shared_from_this()](error_code failed, std::size_t) {
                        if (!failed) self->go_on();
                      });
  }

  void go_on() {
    if (at_ >= end_) return read();
    const std::int64_t count = std::min(kPiece, end_ - at_);
    output_ = mirror_bytes(file_, at_, count);
    at_ += count;
    write();
  }

  tcp::socket socket_;
  asio::streambuf input_;
  MirrorServer::Table& table_;
  std::string output_;
  MirrorFile file_;
  std::int64_t at_ = 0, end_ = 0;  ///< of the file, what is still to be sent
};

}  // namespace

schema::Result<void> MirrorServer::listen(std::uint16_t port) {
  const tcp::endpoint place(asio::ip::make_address(std::string(kLoopback)), port);
  error_code failed;
  acceptor_.open(place.protocol(), failed);
  if (!failed) acceptor_.set_option(asio::socket_base::reuse_address(true), failed);
  if (!failed) acceptor_.bind(place, failed);
  if (!failed) acceptor_.listen(asio::socket_base::max_listen_connections, failed);
  if (failed) {
    return std::unexpected(schema::error(
        "The lab's mirror cannot listen",
        fmt::format("The address {}:{} cannot be used: {}. The mirror takes the port behind that "
                    "of the lab; choose another one with --port.",
                    kLoopback, port, failed.message())));
  }
  accept();
  return {};
}

std::uint16_t MirrorServer::port() const { return acceptor_.local_endpoint().port(); }

void MirrorServer::accept() {
  acceptor_.async_accept([this](error_code failed, tcp::socket socket) {
    if (failed == asio::error::operation_aborted) return;
    if (!failed) std::make_shared<MirrorSession>(std::move(socket), table_)->read();
    accept();
  });
}

void move_mirror(Storages& storages, std::uint16_t port) {
  const auto moved = [port](const std::string& url) {
    if (!url_authority(url).starts_with(std::string(kLoopback) + ":")) return url;
    return fmt::format("http://{}:{}{}", kLoopback, port, path_of(url));
  };
  MirrorServer::Table table;
  for (auto& [url, file] : storages.mirror) table[moved(url)] = std::move(file);
  storages.mirror = std::move(table);
  for (auto& [storage, places] : storages.volumes) {
    for (auto& [place, volumes] : places) {
      for (auto& [name, volume] : volumes) volume.source = moved(volume.source);
    }
  }
}

}  // namespace pveplan::lab
