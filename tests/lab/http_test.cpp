// What the HTTP layer does before the API is reached.

#include "lab/core/http.hpp"

#include "tests/lab/lab_client.hpp"
#include "tests/support/catch.hpp"

using namespace pveplan::lab;
using pveplan::lab::testing::LabClient;

namespace {

Request with_token(const World& world, std::string method, std::string path) {
  Request request;
  request.method = std::move(method);
  request.path = std::move(path);
  request.headers.emplace_back("Authorization",
                               "PVEAPIToken=root@pam!pveplan=" +
                                   world.access.users.at("root@pam").tokens.at("pveplan").secret);
  return request;
}

}  // namespace

TEST_CASE("bodies are refused where parameters belong into the query", "[lab]") {
  World world = make_world({});
  Request request = with_token(world, "DELETE", "/api2/json/pools");
  request.body = "poolid=x";
  CHECK(answer_request(world, request).reason == "Unexpected content for method 'DELETE'");
}

TEST_CASE("a body of more than 512 KiB is refused", "[lab]") {
  World world = make_world({});
  Request request = with_token(world, "POST", "/api2/json/pools");
  request.body = std::string(kLargestBody + 1, 'x');
  CHECK(answer_request(world, request).status == 501);
  CHECK(answer_request(world, request).reason == "for data too large");
}

TEST_CASE("paths outside of the API and unknown formats are 501", "[lab]") {
  World world = make_world({});
  CHECK(answer_request(world, with_token(world, "GET", "/api2")).reason == "no such uri");
  CHECK(answer_request(world, with_token(world, "GET", "/api2/xml/version")).status == 501);
  CHECK(answer_request(world, with_token(world, "PATCH", "/api2/json/version")).reason ==
        "method 'PATCH' not available");
}

TEST_CASE("an escaped slash does not protect a path parameter", "[lab]") {
  LabClient client(make_world({}));
  client.core.world().access.pools["a"];
  client.core.world().access.pools["a/b"];
  CHECK(client.call("GET", "/pools/a%2Fb").status == 501);
  CHECK(client.call("GET", "/pools", {{"poolid", "a/b"}}).status == 200);
}

TEST_CASE("a parameter that contradicts the path is refused", "[lab]") {
  LabClient client(make_world({}));
  const Answer answer = client.call("PUT", "/pools/a", {{"poolid", "b"}});
  CHECK(answer.status == 400);
  CHECK(answer.body.find("duplicate parameter (already defined in URI) with conflicting values!") !=
        std::string::npos);
}

TEST_CASE("a stale cookie beats a good token", "[lab]") {
  World world = make_world({});
  Request request = with_token(world, "GET", "/api2/json/version");
  request.headers.emplace_back("Cookie", "PVEAuthCookie=PVE%3Aroot%40pam%3A00000000%3A%3Ax");
  CHECK(answer_request(world, request).reason == "Authentication failed!");
}

TEST_CASE("a ticket ends after two hours", "[lab]") {
  LabClient client(make_world({}));
  Request login;
  login.method = "POST";
  login.path = "/api2/json/access/ticket";
  login.body = "username=root%40pam&password=pveplan";
  const auto body = pveplan::schema::parse_json(client.core.handle(login).body);
  REQUIRE(body.has_value());
  const auto* ticket = body->find(pveplan::schema::Path({"data", "ticket"}));
  REQUIRE(ticket != nullptr);
  Request request;
  request.method = "GET";
  request.path = "/api2/json/version";
  request.headers.emplace_back("Cookie", "PVEAuthCookie=" + percent_encode(ticket->as_string()));
  CHECK(client.core.handle(request).status == 200);
  client.core.advance(client.core.now() + std::chrono::hours{3});
  CHECK(client.core.handle(request).status == 401);
}
