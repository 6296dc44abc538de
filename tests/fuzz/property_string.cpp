// Property strings, drives, NICs and descriptions of any content: what is parsed prints as
// something that parses to the same, and a change of one part leaves the others.
#include "providers/pve/property_string.hpp"

#include "providers/pve/guest_codec/drive.hpp"
#include "providers/pve/guest_codec/marker.hpp"
#include "providers/pve/guest_codec/nic.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace pveplan::pve;

namespace {

void require(bool holds, const char* what) {
  if (holds) return;
  fmt::print(stderr, "violated: {}\n", what);
  std::abort();
}

void try_format(std::string_view text, const PropertyFormat& format) {
  const auto parsed = PropertyString::parse(text, format);
  const auto printed = parsed.print();
  require(PropertyString::parse(printed, format).print() == printed, "printing is stable");
  auto changed = parsed;
  changed.set("backup", "0");
  require(changed.text("backup") == "0", "what was set is there");
  for (const auto& [key, value] : parsed.parts())
    require(key == "backup" || changed.text(key) == value, "the other parts stay");
}

void try_description(std::string_view text) {
  const auto split = split_description(text);
  if (!split.marker) return;
  const auto again = split_description(join_description(split.text, *split.marker));
  require(again.marker == split.marker, "a marker comes back");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto* format :
       {&drive_format(), &net_format(), &agent_format(), &cpu_format(), &plain_format()})
    try_format(text, *format);
  const auto drive = Drive::parse(text);
  (void)drive.bytes();
  (void)disk_from_drive(drive, "scsi0");
  const std::string owned(text);
  (void)nic_from_config(owned, &owned, "net0");
  try_description(text);
  return 0;
}
