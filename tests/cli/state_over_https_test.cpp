// The state on a real HTTPS server that is written from the protocol's table, used by the real
// program.

#include "tests/support/catch.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/state_keeper.hpp"
#include "tests/support/tls_server.hpp"

#include <fmt/format.h>

#include <fstream>
#include <mutex>

using namespace pveplan;
using sim::ServerAction;

namespace {

struct Ended {
  int exit_code = -1;
  std::string text;
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// The keeper behind TLS, and a machine that works with it.
class Site {
 public:
  Site() : server(certificate, [this](const sim::SeenRequest& seen) { return answer(seen); }) {
    std::ofstream(folder.file("ca.pem")) << certificate.pem();
    std::ofstream(folder.file("client.pem")) << client.pem();
    std::ofstream(folder.file("client.key")) << client.key_pem();
    write("client_ca_certificate_pem = \"ca.pem\"");
  }

  void write(const std::string& trust) const {
    std::ofstream(folder.file("pveplan.toml")) << fmt::format(
        "[pveplan]\nname = \"t\"\n[pveplan.state]\nbackend = \"http\"\naddress = \"{}\"\n"
        "lock_address = \"{}\"\nunlock_address = \"{}\"\nuser = \"me\"\n"
        "password = {{ env = \"STATE_PASSWORD\" }}\nretry_max = 0\n{}\n"
        "[record.a]\ninput = 1\n[record.b]\ninput = \"${{record.a.output}}\"\n",
        server.url("/t"), server.url("/t/lock"), server.url("/t/lock"), trust);
  }

  Ended run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), PVEPLAN_BINARY);
    sim::ChildProcess child(arguments, folder.path(), {{"STATE_PASSWORD", "open sesame"}});
    Ended ended;
    ended.text = child.read_all();
    ended.exit_code = child.exit_code();
    return ended;
  }

  sim::TemporaryFolder folder;
  sim::TestCertificate certificate;
  sim::TestCertificate client;
  sim::StateKeeper keeper;
  sim::TlsServer server;

 private:
  ServerAction answer(const sim::SeenRequest& seen) {
    const std::lock_guard one_after_the_other(mutex_);
    async::HttpRequest request;
    request.method = seen.line.substr(0, seen.line.find(' '));
    const auto begin = request.method.size() + 1;
    request.url = server.url(seen.line.substr(begin, seen.line.rfind(' ') - begin));
    request.headers = seen.headers;
    request.body = seen.body;
    request.writes = true;  // how often something is sent is counted here
    const auto said = keeper.handle(request, {});
    auto text = fmt::format("HTTP/1.1 {} {}\r\nContent-Length: {}\r\n", said.status, said.reason,
                            said.body.size());
    for (const auto& [name, value] : said.headers) text += fmt::format("{}: {}\r\n", name, value);
    return {ServerAction::Kind::answer, text + "\r\n" + said.body};
  }

  std::mutex mutex_;
};

}  // namespace

TEST_CASE("the state lives on a real HTTPS server whose certificate an own CA signed") {
  Site site;
  site.keeper.login = "Basic bWU6b3BlbiBzZXNhbWU=";
  site.keeper.sends_md5 = true;
  const auto apply = site.run({"apply", "--auto-approve"});
  INFO(apply.text);
  REQUIRE(apply.exit_code == 0);
  CHECK(site.run({"state", "list"}).text == "record.a\nrecord.b\n");
  CHECK(site.run({"plan", "--detailed-exitcode"}).exit_code == 0);
  CHECK(site.run({"destroy", "--auto-approve"}).exit_code == 0);
  CHECK(site.keeper.complaints == std::vector<std::string>());
  CHECK_FALSE(site.keeper.lock);
  REQUIRE(site.keeper.state);
  CHECK_FALSE(has(*site.keeper.state, "sesame"));
}

TEST_CASE("a state server with a strange certificate is sent nothing, unless the user says so") {
  Site site;
  site.write("");
  const auto refused = site.run({"apply", "--auto-approve"});
  INFO(refused.text);
  CHECK(refused.exit_code == 1);
  CHECK(has(refused.text, "certificate"));
  CHECK(site.server.seen().empty());

  site.write("skip_cert_verification = true");
  const auto believed = site.run({"apply", "--auto-approve"});
  INFO(believed.text);
  CHECK(believed.exit_code == 0);
  CHECK(has(believed.text, "skip_cert_verification"));
}

TEST_CASE("a state server may ask for a certificate of the client") {
  Site site;
  site.server.admit_only(site.client);
  const auto stranger = site.run({"apply", "--auto-approve"});
  INFO(stranger.text);
  CHECK(stranger.exit_code == 1);
  CHECK(site.server.seen().empty());

  site.write(
      "client_ca_certificate_pem = \"ca.pem\"\nclient_certificate_pem = \"client.pem\"\n"
      "client_private_key_pem = { file = \"client.key\" }");
  const auto known = site.run({"apply", "--auto-approve"});
  INFO(known.text);
  CHECK(known.exit_code == 0);
  CHECK(site.keeper.writes > 0);
}

TEST_CASE("while one machine holds the lock another one is told who, over the wire") {
  Site site;
  site.keeper.lock =
      R"({"ID":"5d1b","Operation":"apply","Who":"ann@desk","Created":"2026-11-01T10:00:00Z"})";
  const auto refused = site.run({"apply", "--auto-approve"});
  INFO(refused.text);
  CHECK(refused.exit_code == 1);
  CHECK(has(refused.text, "State is locked"));
  CHECK(has(refused.text, "ann@desk"));
  CHECK(site.keeper.writes == 0);
}

TEST_CASE("a wrong password for the state says so and not the password") {
  Site site;
  site.keeper.login = "Basic c29tZWJvZHk6ZWxzZQ==";
  const auto refused = site.run({"plan"});
  INFO(refused.text);
  CHECK(refused.exit_code == 1);
  CHECK(has(refused.text, "401"));
  CHECK_FALSE(has(refused.text, "sesame"));
}
