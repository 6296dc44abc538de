#include "providers/async/tls_verification.hpp"
#include "tests/providers/async/curl_fixture.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>

namespace pveplan::async {
namespace {

/// A PEM file that lives as long as its test.
class PemFile {
 public:
  explicit PemFile(const TestCertificate& certificate)
      : path_(
            std::filesystem::temp_directory_path() /
            fmt::format("pveplan-{}-{}.pem", ::getpid(), certificate.fingerprint().substr(0, 8))) {
    std::ofstream(path_) << certificate.pem();
  }
  PemFile(const PemFile&) = delete;
  PemFile& operator=(const PemFile&) = delete;
  ~PemFile() { std::filesystem::remove(path_); }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

HttpRequest trusting(const std::string& url, TlsTrust trust) {
  HttpRequest request;
  request.method = "POST";
  request.url = url;
  request.writes = true;
  request.trust = std::move(trust);
  return request;
}

TlsTrust pin(const std::string& fingerprint) {
  TlsTrust trust;
  trust.fingerprints.push_back(fingerprint);
  return trust;
}

}  // namespace

TEST_CASE("fingerprints are read in the usual spellings") {
  const std::string plain(64, 'a');
  std::string canonical;
  for (int i = 0; i < 32; ++i) canonical += i == 0 ? "AA" : ":AA";
  CHECK(canonical_fingerprint(plain) == canonical);
  CHECK(canonical_fingerprint(canonical) == canonical);
  CHECK(canonical_fingerprint(canonical + ":AA").empty());
  CHECK(canonical_fingerprint("AA:BB").empty());
  CHECK(canonical_fingerprint(std::string(64, 'g')).empty());
}

TEST_CASE_METHOD(CurlFixture, "any of several pins will do, in any spelling") {
  TlsServer server(certificate, always_ok);
  std::string bare;
  for (const char c : certificate.fingerprint()) {
    if (c != ':') bare += static_cast<char>(std::tolower(c));
  }
  TlsTrust trust = pin(TestCertificate().fingerprint());
  trust.fingerprints.push_back(bare);
  CHECK(send(trusting(server.url("/"), trust)).status == 200);
}

TEST_CASE_METHOD(CurlFixture,
                 "a wrong pin sends no byte of the request and names both fingerprints") {
  TlsServer server(certificate, always_ok);
  const std::string expected = TestCertificate().fingerprint();
  const HttpReply reply = send(trusting(server.url("/"), pin(expected)));
  CHECK(reply.delivery == Delivery::not_sent);
  CHECK(reply.seen_fingerprint == certificate.fingerprint());
  CHECK(reply.error == "the server shows a certificate with the fingerprint " +
                           certificate.fingerprint() + ", expected is " + expected);
  CHECK(server.seen().empty());
}

TEST_CASE_METHOD(CurlFixture, "a pin that is no fingerprint matches nothing") {
  TlsServer server(certificate, always_ok);
  CHECK(send(trusting(server.url("/"), pin("AA:BB"))).delivery == Delivery::not_sent);
  CHECK(server.seen().empty());
}

TEST_CASE_METHOD(CurlFixture, "a pin is not weakened by insecure") {
  TlsServer server(certificate, always_ok);
  TlsTrust trust = pin(TestCertificate().fingerprint());
  trust.insecure = true;
  CHECK(send(trusting(server.url("/"), trust)).delivery == Delivery::not_sent);
}

TEST_CASE_METHOD(CurlFixture, "a connection or session made under other trust is not reused") {
  TlsServer server(certificate, always_ok);
  TlsTrust insecure;
  insecure.insecure = true;
  HttpRequest read = trusting(server.url("/"), insecure);
  read.writes = false;
  CHECK(send(read).status == 200);
  read.trust = pin(certificate.fingerprint());
  CHECK(send(read).status == 200);
  CHECK(server.handshakes() == 2);
  read.trust = pin(TestCertificate().fingerprint());
  CHECK(send(read).delivery == Delivery::not_sent);
  CHECK(send(read).seen_fingerprint == certificate.fingerprint());
  read.trust = TlsTrust();
  CHECK(send(read).delivery == Delivery::not_sent);
  CHECK(server.seen().size() == 2);
}

TEST_CASE_METHOD(CurlFixture,
                 "each new connection shows its certificate, none goes on with an older session") {
  TlsServer server(certificate, always_ok);
  CHECK(post(server.url("/1")).status == 200);
  CHECK(post(server.url("/2")).status == 200);
  CHECK(server.resumptions() == 0);
  CHECK(send(trusting(server.url("/3"), pin(TestCertificate().fingerprint()))).delivery ==
        Delivery::not_sent);
  CHECK(server.seen().size() == 2);
}

TEST_CASE_METHOD(CurlFixture, "a CA file vouches for a certificate with the right name") {
  const PemFile file(certificate);
  TlsTrust trust;
  trust.ca_file = file.path();
  TlsServer server(certificate, always_ok);
  CHECK(send(trusting(server.url("/"), trust)).status == 200);
}

TEST_CASE_METHOD(CurlFixture,
                 "another CA, no CA and a wrong name are refused, with the fingerprint") {
  const TestCertificate other("DNS:elsewhere.example");
  const PemFile file(other);
  TlsTrust trust;
  SECTION("another CA") {
    trust.ca_file = file.path();
    TlsServer server(certificate, always_ok);
    const HttpReply reply = send(trusting(server.url("/"), trust));
    CHECK(reply.delivery == Delivery::not_sent);
    CHECK(reply.seen_fingerprint == certificate.fingerprint());
    CHECK(reply.error ==
          "the server's certificate (" + certificate.fingerprint() + ") is not trusted");
    CHECK(server.seen().empty());
  }
  SECTION("the system's CAs") {
    TlsServer server(certificate, always_ok);
    const HttpReply reply = send(trusting(server.url("/"), trust));
    CHECK(reply.delivery == Delivery::not_sent);
    CHECK(reply.seen_fingerprint == certificate.fingerprint());
  }
  SECTION("a wrong name") {
    trust.ca_file = file.path();
    TlsServer server(other, always_ok);
    const HttpReply reply = send(trusting(server.url("/"), trust));
    CHECK(reply.delivery == Delivery::not_sent);
    CHECK(reply.seen_fingerprint == other.fingerprint());
    CHECK(server.seen().empty());
  }
}

TEST_CASE_METHOD(CurlFixture, "a CA file that cannot be read sends nothing") {
  TlsTrust trust;
  trust.ca_file = "/nowhere/ca.pem";
  TlsServer server(certificate, always_ok);
  CHECK(send(trusting(server.url("/"), trust)).delivery == Delivery::not_sent);
  CHECK(server.seen().empty());
}

TEST_CASE_METHOD(CurlFixture, "insecure takes any certificate") {
  TlsTrust trust;
  trust.insecure = true;
  TlsServer server(certificate, always_ok);
  CHECK(send(trusting(server.url("/"), trust)).status == 200);
}

}  // namespace pveplan::async
