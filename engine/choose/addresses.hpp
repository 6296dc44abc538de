#pragma once

#include "engine/choose/choose.hpp"
#include "schema/network.hpp"

namespace pveplan::engine {

/// The `ip_pool`s of a topology, from which NICs with `ip = "pool:NAME"` are served.
class AddressChooser {
 public:
  explicit AddressChooser(const schema::Topology& topology);

  /// An address that somebody has, with or without a prefix; anything else is ignored.
  void take(std::string_view address);
  /// One that a running guest gave up, but has until it is restarted.
  void hold(std::string_view address, const schema::ResourceAddress& holder);
  const std::set<std::string>& pools_with_gateway() const { return with_gateway_; }

  /// The NICs of one guest, slots chosen already, with addresses, gateway and name servers filled
  /// in. What `owned` has from the same pool is kept.
  schema::Value with_addresses(const schema::Resource& guest, schema::Value nics,
                               const schema::Value& owned, schema::Diagnostics& diagnostics);

 private:
  struct Pool {
    schema::Ipv4Prefix network;
    std::vector<schema::Ipv4Range> allocate, reserve;
    std::string gateway;
    schema::Value dns, search;
  };

  void check_held(const schema::Resource& guest, const std::string& nic, const std::string& stated,
                  schema::Diagnostics& diagnostics) const;
  std::string next(const std::string& name);
  std::string holders(const Pool& pool) const;
  std::string address_of(const schema::Resource& guest, const std::string& nic,
                         const std::string& pool, const schema::Value& owned,
                         schema::Diagnostics& diagnostics);

  std::map<std::string, Pool> pools_;
  std::set<std::string> with_gateway_;
  std::set<schema::Ipv4> taken_;
  std::map<schema::Ipv4, schema::ResourceAddress> held_;
};

}  // namespace pveplan::engine
