#include "state/journal.hpp"

#include "model/sha256.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>

namespace pveplan::state {
namespace {

constexpr std::size_t kDigits = 8;
constexpr std::size_t kHeader = 2 * (kDigits + 1);

/// Exactly the form that frame() writes: no capitals, so that no flipped bit passes.
std::optional<std::uint32_t> parse_hex(std::string_view text) {
  if (text.find_first_not_of("0123456789abcdef") != std::string_view::npos) return std::nullopt;
  std::uint32_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number, 16);
  return number;
}

/// The JSON of the record that starts at `offset`; nullopt when none does.
std::optional<std::string_view> payload_at(std::string_view bytes, std::size_t offset) {
  const auto rest = bytes.substr(offset);
  if (rest.size() <= kHeader || rest[kDigits] != ' ' || rest[kHeader - 1] != ' ') {
    return std::nullopt;
  }
  const auto length = parse_hex(rest.substr(0, kDigits));
  const auto crc = parse_hex(rest.substr(kDigits + 1, kDigits));
  if (!length || !crc || *length == 0 || rest.size() - kHeader <= *length) return std::nullopt;
  const auto payload = rest.substr(kHeader, *length);
  if (rest[kHeader + *length] != '\n' || model::crc32c(payload) != *crc) return std::nullopt;
  return payload;
}

bool has_record_after(std::string_view bytes, std::size_t offset) {
  while (++offset < bytes.size()) {
    if (payload_at(bytes, offset)) return true;
  }
  return false;
}

schema::Diagnostic corrupt(std::size_t offset) {
  return schema::error(
      "Damaged journal",
      fmt::format("The journal is unreadable at byte {}, but good records follow: no crash leaves "
                  "that. Nothing was changed. Restore the file from a copy; without one, keep it "
                  "aside under another name, go on with 'state.json' alone, and run `pveplan state "
                  "rebuild`, which finds the guests that the lost records made.",
                  offset));
}

}  // namespace

std::string frame(std::string_view json) {
  return fmt::format("{:08x} {:08x} {}\n", json.size(), model::crc32c(json), json);
}

schema::Result<JournalFrames> cut_journal(std::string_view bytes) {
  JournalFrames frames;
  while (frames.valid_bytes < bytes.size()) {
    const auto payload = payload_at(bytes, frames.valid_bytes);
    if (!payload) {
      if (has_record_after(bytes, frames.valid_bytes)) {
        return std::unexpected(corrupt(frames.valid_bytes));
      }
      frames.torn = true;
      break;
    }
    frames.payloads.push_back(*payload);
    frames.valid_bytes += kHeader + payload->size() + 1;
  }
  return frames;
}

schema::Result<void> replay(const JournalFrames& frames, StateFile& state) {
  for (std::size_t i = 1; i < frames.payloads.size(); ++i) {
    const auto record = read_record(frames.payloads[i]);
    if (!record) return std::unexpected(record.error());
    if (auto applied = apply(*record, state); !applied) return applied;
  }
  return {};
}

}  // namespace pveplan::state
