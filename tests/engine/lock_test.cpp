#include "engine/lock/checksum_list.hpp"
#include "schema/diagnostic_text.hpp"
#include "schema/lock_file.hpp"
#include "tests/support/catch.hpp"

using namespace pveplan;
using engine::find_checksum;

namespace {

const std::string kSha256(64, 'a');
const std::string kSha512(128, 'b');
const std::string kMd5(32, 'c');

std::string found(const std::string& list) {
  return find_checksum(list, "debian.qcow2").value_or("nothing");
}

schema::Pins parse(const std::string& text, std::string& messages) {
  schema::SourceMap sources;
  schema::Diagnostics diagnostics;
  auto pins = schema::parse_lock_file(sources, "pveplan.lock.toml", text, diagnostics);
  messages = schema::render_items(sources, diagnostics, {});
  return pins;
}

}  // namespace

TEST_CASE("checksums are found in the shapes that publishers use") {
  const auto [list, expected] = GENERATE(table<std::string, std::string>({
      {kSha256 + "  debian.qcow2\n", "sha256:" + kSha256},
      {kSha256 + " *debian.qcow2\r\n", "sha256:" + kSha256},
      {kMd5 + "  ./images/debian.qcow2\n", "md5:" + kMd5},
      {std::string(64, 'A') + "  debian.qcow2\n", "sha256:" + kSha256},
      {"# sums\n" + kSha512 + "  other.qcow2\n" + kSha512 + "  debian.qcow2", "sha512:" + kSha512},
      {"SHA256 (debian.qcow2) = " + kSha256 + "\n", "sha256:" + kSha256},
      {"SHA512 (other) = " + kSha512 + "\nSHA256 (debian.qcow2) = " + kSha256, "sha256:" + kSha256},
      {"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n" + kSha256 + "  debian.qcow2\n",
       "sha256:" + kSha256},
      {kSha256 + "\n", "sha256:" + kSha256},
      {kSha256 + "\n" + kSha512 + "\n", "nothing"},  // whose are they?
      {kSha256 + "  debian.qcow2.xz\n", "nothing"},
      {kSha256 + "  not-debian.qcow2\n", "nothing"},
      {"deadbeef  debian.qcow2\n", "nothing"},
      {std::string(64, 'g') + "  debian.qcow2\n", "nothing"},
      {"<html>404</html>", "nothing"},
      {"", "nothing"},
  }));
  INFO(list);
  CHECK(found(list) == expected);
}

TEST_CASE("a lock file is read back as it was written") {
  schema::Pins pins;
  pins["debian"] = {"https://x.test/d.qcow2", "sha256:" + kSha256, 358400, "qcow2"};
  pins["plain"] = {"https://x.test/with\"quote", "", 0, ""};
  const auto text = schema::lock_file_text(pins);
  std::string messages;
  CHECK(parse(text, messages) == pins);
  CHECK(messages.empty());
  CHECK(schema::lock_file_text(parse(text, messages)) == text);
}

TEST_CASE("a lock file that is not understood is an error with its place") {
  std::string messages;
  parse("[image.a]\nurl = 5\n", messages);
  CHECK(messages.find("pveplan.lock.toml:2:1") != std::string::npos);
  parse("[vm.a]\ncores = 1\n", messages);
  CHECK(messages.find("not \"vm\"") != std::string::npos);
  parse("[image.a\n", messages);
  CHECK(messages.find("pveplan.lock.toml:1") != std::string::npos);
  CHECK(parse("", messages).empty());
  CHECK(messages.empty());
}
