#include "lab/api/areas.hpp"
#include "lab/core/call.hpp"

#include <fmt/format.h>

namespace pveplan::lab {
namespace {

using schema::Value;

constexpr const char* kAuthority =
    "/CN=Proxmox Virtual Environment/OU=lab/O=PVE Cluster Manager CA";
/// Certificates of the lab all begin at one moment, so that equal worlds answer alike.
constexpr std::int64_t kBegin = 1'700'000'000;
constexpr std::int64_t kDay = 24 * 60 * 60;

/// What the server tells about its cluster's authority. The texts of the certificates are left out:
/// the schema has them optional.
Value root_authority(const World& world) {
  return Value::map({{"filename", str("pve-root-ca.pem")},
                     {"fingerprint", str(world.cluster.root_ca_fingerprint)},
                     {"issuer", str(kAuthority)},
                     {"subject", str(kAuthority)},
                     {"notbefore", num(kBegin)},
                     {"notafter", num(kBegin + 3650 * kDay)},
                     {"public-key-bits", num(4096)},
                     {"public-key-type", str("rsaEncryption")},
                     {"san", Value::list({})}});
}

Value node_certificate(const std::string& name, const Node& node) {
  Value::List names{str("127.0.0.1"), str("localhost"), str(node.address), str(name)};
  return Value::map(
      {{"filename", str("pve-ssl.pem")},
       {"fingerprint", str(node.fingerprint)},
       {"issuer", str(kAuthority)},
       {"subject",
        str(fmt::format("/OU=PVE Cluster Node/O=Proxmox Virtual Environment/CN={}", name))},
       {"notbefore", num(kBegin)},
       {"notafter", num(kBegin + 730 * kDay)},
       {"public-key-bits", num(2048)},
       {"public-key-type", str("rsaEncryption")},
       {"san", Value::list(std::move(names))}});
}

Reply list_certificates(Call& call) {
  return Value::list({root_authority(call.world), node_certificate(call.node, call.here())});
}

}  // namespace

void add_certificate_calls(ApiTable& api) {
  api.get("/nodes/{node}/certificates/info", list_certificates)
      .allowed(everyone())
      .on_node()
      .known(Knowledge::from_source);
}

}  // namespace pveplan::lab
