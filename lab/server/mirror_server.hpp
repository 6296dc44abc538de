#pragma once

#include "lab/world/storage.hpp"
#include "schema/diagnostic.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <map>
#include <string>

namespace pveplan::lab {

/// The world's mirror over plain HTTP on 127.0.0.1: the files of its table, whole or a range of
/// them, and SHA256SUMS and SHA512SUMS of every folder that has files.
class MirrorServer {
 public:
  using Table = std::map<std::string, MirrorFile>;

  /// `table` must outlive the server; it learns the sums that are asked for.
  MirrorServer(boost::asio::io_context& loop, Table& table) : acceptor_(loop), table_(table) {}

  /// Port 0: any that is free.
  schema::Result<void> listen(std::uint16_t port);
  std::uint16_t port() const;

 private:
  void accept();

  boost::asio::ip::tcp::acceptor acceptor_;
  Table& table_;
};

/// Makes the loopback URLs of the table, and of what came from there, name the port where the
/// mirror really is.
void move_mirror(Storages& storages, std::uint16_t port);

}  // namespace pveplan::lab
