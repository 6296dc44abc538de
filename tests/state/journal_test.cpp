#include "state/journal.hpp"

#include "tests/state/samples.hpp"
#include "tests/support/catch.hpp"

#include <string>
#include <vector>

using namespace pveplan;
using namespace pveplan::state;

namespace {

const std::vector<std::string> kTexts = {R"({"a":1})", R"({"b":"two"})", R"({"c":[3,3,3]})"};

std::string journal() {
  std::string bytes;
  for (const auto& text : kTexts) bytes += frame(text);
  return bytes;
}

/// Whether what was read is some of the first records, unchanged.
bool is_prefix(const JournalFrames& frames) {
  if (frames.payloads.size() > kTexts.size()) return false;
  for (std::size_t i = 0; i < frames.payloads.size(); ++i) {
    if (frames.payloads[i] != kTexts[i]) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("a frame is length, checksum, text and line break") {
  CHECK(frame("123456789") == "00000009 e3069283 123456789\n");
}

TEST_CASE("a journal is cut into its records") {
  const auto bytes = journal();
  const auto frames = cut_journal(bytes);
  REQUIRE(frames);
  CHECK(frames->payloads.size() == 3);
  CHECK(frames->valid_bytes == bytes.size());
  CHECK_FALSE(frames->torn);
  CHECK(is_prefix(*frames));
}

TEST_CASE("a journal torn at any byte gives the whole records before it") {
  const auto bytes = journal();
  const auto first = frame(kTexts[0]).size();
  const auto second = first + frame(kTexts[1]).size();
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const auto frames = cut_journal(std::string_view(bytes).substr(0, length));
    INFO("length " << length);
    REQUIRE(frames);
    const std::size_t whole = length >= second ? 2 : length >= first ? 1 : 0;
    REQUIRE(frames->payloads.size() == whole);
    REQUIRE(is_prefix(*frames));
    REQUIRE(frames->torn == (length != 0 && length != first && length != second));
  }
}

TEST_CASE("a tail of zeros, as file systems leave it, counts as torn") {
  const auto bytes = journal() + std::string(100, '\0');
  const auto frames = cut_journal(bytes);
  REQUIRE(frames);
  CHECK(frames->payloads.size() == 3);
  CHECK(frames->torn);
}

TEST_CASE("a flipped bit is refused, or leaves the records before the last") {
  auto bytes = journal();
  const auto last = bytes.size() - frame(kTexts[2]).size();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      bytes[i] = static_cast<char>(bytes[i] ^ (1 << bit));
      const auto frames = cut_journal(bytes);
      INFO("byte " << i << " bit " << bit);
      REQUIRE(frames.has_value() == (i >= last));
      if (frames) REQUIRE((is_prefix(*frames) && frames->payloads.size() == 2 && frames->torn));
      bytes[i] = static_cast<char>(bytes[i] ^ (1 << bit));
    }
  }
}

TEST_CASE("a good record after a bad one is refused and says where the bad one is") {
  auto bytes = journal();
  const auto start = frame(kTexts[0]).size();
  bytes[start + 20] = '!';
  const auto frames = cut_journal(bytes);
  REQUIRE_FALSE(frames);
  CHECK(frames.error().summary == "Damaged journal");
  CHECK(frames.error().detail.find("byte 26,") != std::string::npos);
}

TEST_CASE("replay stops at the first record that does not follow") {
  auto state = samples::state();
  const auto bytes = frame(write_record({12, RunStarted{}})) +
                     frame(write_record({13, TaskStarted{3, "UPID:1"}})) +
                     frame(write_record({15, TaskStarted{3, "UPID:2"}}));
  const auto frames = cut_journal(bytes);
  REQUIRE(frames);
  const auto replayed = replay(*frames, state);
  REQUIRE_FALSE(replayed);
  CHECK(replayed.error().detail.find("leads to serial 15, but serial 14 is next") !=
        std::string::npos);
  CHECK(state.open_intents.at(3).upid == "UPID:1");
}
