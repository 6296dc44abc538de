#include "lab/server/certificate.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <array>
#include <memory>
#include <stdexcept>

namespace pveplan::lab {
namespace {

template <auto kFree>
struct Freer {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using Memory = std::unique_ptr<BIO, Freer<BIO_free_all>>;

constexpr long kDay = 24 * 60 * 60;

template <typename T>
T* demand(T* object) {
  if (object == nullptr) throw std::runtime_error("OpenSSL cannot make the lab's certificate");
  return object;
}

std::string text_of(const Memory& memory) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

void add_extension(X509* certificate, int kind, const std::string& value) {
  const std::unique_ptr<X509_EXTENSION, Freer<X509_EXTENSION_free>> extension(
      demand(X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str())));
  X509_add_ext(certificate, extension.get(), -1);
}

std::string alternative_names(const std::vector<std::string>& node_names) {
  std::string names = "DNS:localhost";
  for (std::size_t k = 0; k < node_names.size(); ++k) {
    names += fmt::format(",DNS:{},IP:127.0.0.{}", node_names[k], k + 1);
  }
  return names;
}

/// Clients refuse two certificates of one issuer with one serial number.
void set_serial_number(X509* certificate) {
  std::uint64_t number = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&number), sizeof number);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), number >> 1);
}

Certificate sign_certificate(EVP_PKEY* key, const std::vector<std::string>& node_names) {
  Certificate certificate(demand(X509_new()));
  X509_set_version(certificate.get(), X509_VERSION_3);
  set_serial_number(certificate.get());
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -kDay);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3650 * kDay);
  X509_NAME* name = X509_get_subject_name(certificate.get());
  const auto* text = reinterpret_cast<const unsigned char*>("pveplan lab");
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  X509_set_pubkey(certificate.get(), key);
  add_extension(certificate.get(), NID_subject_alt_name, alternative_names(node_names));
  // Its own authority, so that a client may name it as its ca_file.
  add_extension(certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
  X509_sign(certificate.get(), key, EVP_sha256());
  return certificate;
}

}  // namespace

std::string ServerCertificate::fingerprint() const {
  const Memory memory(
      demand(BIO_new_mem_buf(certificate.data(), static_cast<int>(certificate.size()))));
  const Certificate parsed(PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr));
  if (!parsed) return {};
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  X509_digest(parsed.get(), EVP_sha256(), digest.data(), &size);
  return fmt::format("{:02X}", fmt::join(digest.begin(), digest.begin() + size, ":"));
}

ServerCertificate make_server_certificate(const std::vector<std::string>& node_names) {
  const Key key(demand(EVP_EC_gen("P-256")));
  const Certificate certificate = sign_certificate(key.get(), node_names);
  const Memory public_part(demand(BIO_new(BIO_s_mem())));
  const Memory secret_part(demand(BIO_new(BIO_s_mem())));
  PEM_write_bio_X509(public_part.get(), certificate.get());
  PEM_write_bio_PrivateKey(secret_part.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return {text_of(public_part), text_of(secret_part)};
}

}  // namespace pveplan::lab
