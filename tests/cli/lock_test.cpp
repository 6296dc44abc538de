#include "tests/simulation/rig.hpp"
#include "tests/support/catch.hpp"

using namespace pveplan;
using sim::Rig;

namespace {

const std::string kDigits(64, 'd');

/// A publisher: an image behind a redirect, and its list of checksums.
class Publisher final : public sim::SimService {
 public:
  sim::SimAnswer handle(const async::HttpRequest& request, sim::Time) override {
    sim::SimAnswer answer;
    requests.push_back(request.url);
    if (request.url.ends_with("/SHA256SUMS")) {
      answer.body = kDigits + "  debian.qcow2\n";
    } else if (request.url.ends_with("/latest/debian.qcow2")) {
      answer.status = 302;
      answer.headers.emplace_back("location", "/v12/debian.qcow2");
    } else if (request.url.ends_with("/v12/debian.qcow2")) {
      answer.status = 206;
      answer.headers.emplace_back("content-range", "bytes 0-3/8716288");
      answer.body = "QFI\xfb";
    } else {
      answer.status = 404;
      answer.reason = "Not Found";
    }
    return answer;
  }
  std::vector<std::string> requests;
};

const std::string kHead = "[pveplan]\nname = \"t\"\n" + Rig::connection();

std::string image(const std::string& list) {
  return "[image.debian]\nstorage = \"local\"\nnodes = [\"pve\"]\n"
         "url = \"http://publisher.test:80/latest/debian.qcow2\"\n"
         "checksum_url = \"http://publisher.test:80/latest/" +
         list + "\"\n";
}

}  // namespace

TEST_CASE("lock pins checksum, size and format, and plan refuses what is not pinned") {
  Rig rig(1);
  Publisher publisher;
  rig.world.network.connect("publisher.test:80", publisher);
  rig.write_topology(kHead + image("SHA256SUMS"));

  const auto before = rig.run({"plan"});
  CHECK(before.exit_code == 1);
  CHECK(before.err.find("Image not pinned") != std::string::npos);
  CHECK(publisher.requests.empty());

  CHECK(rig.run({"destroy", "--auto-approve"}).exit_code == 0);  // needs no pins

  const auto lock = rig.run({"lock"});
  INFO(lock.err);
  REQUIRE(lock.exit_code == 0);
  CHECK(lock.out.find("sha256:" + kDigits) != std::string::npos);
  const auto again = rig.run({"lock"});
  CHECK(again.out.find("up to date: 1 image") != std::string::npos);

  const auto plan = rig.run({"plan", "--locked"});
  INFO(plan.err);
  CHECK(plan.exit_code == 0);
  INFO(plan.out);
  CHECK(plan.out.find("format           qcow2") != std::string::npos);
  CHECK(plan.out.find("size             8512 KiB") != std::string::npos);
  CHECK(plan.out.find(kDigits) != std::string::npos);
}

TEST_CASE("lock says which publisher has no checksum, and writes nothing") {
  Rig rig(1);
  Publisher publisher;
  rig.world.network.connect("publisher.test:80", publisher);
  rig.write_topology(kHead + image("SHA1SUMS"));
  const auto lock = rig.run({"lock"});
  CHECK(lock.exit_code == 1);
  CHECK(lock.err.find("SHA1SUMS answers 404 Not Found") != std::string::npos);
  CHECK(rig.run({"plan"}).err.find("Image not pinned") != std::string::npos);
}
