#include "schema/lock_file.hpp"

#include "schema/document.hpp"

#include <fmt/format.h>

namespace pveplan::schema {
namespace {

void read_member(const Entry& entry, Pin& pin, Diagnostics& diagnostics) {
  const auto* text = entry.value->text();
  const auto* number = std::get_if<std::int64_t>(&entry.value->data);
  if (entry.key == "size" && number != nullptr && *number >= 0) {
    pin.size = *number;
  } else if (entry.key == "url" && text != nullptr) {
    pin.url = *text;
  } else if (entry.key == "checksum" && text != nullptr) {
    pin.checksum = *text;
  } else if (entry.key == "format" && text != nullptr) {
    pin.format = *text;
  } else {
    diagnostics.add(error("Lock file not understood",
                          fmt::format("\"{}\" is not what this version of pveplan writes into a "
                                      "lock file. Run pveplan lock to write it anew.",
                                      entry.key),
                          entry.key_span));
  }
}

}  // namespace

Pins parse_lock_file(SourceMap& sources, const std::string& path, std::string text,
                     Diagnostics& diagnostics) {
  Pins pins;
  const auto file = sources.add(path, std::move(text));
  const auto root = parse_document(sources, file, diagnostics);
  if (root == nullptr) return pins;
  for (const auto& block : root->table()->entries) {
    const auto* images = block.value->table();
    if (block.key != "image" || images == nullptr) {
      diagnostics.add(
          error("Lock file not understood",
                fmt::format("A lock file holds [image.NAME] blocks, not \"{}\".", block.key),
                block.key_span));
      continue;
    }
    for (const auto& image : images->entries) {
      auto& pin = pins[image.key];
      if (image.value->table() == nullptr) {
        read_member(image, pin, diagnostics);
        continue;
      }
      for (const auto& entry : image.value->table()->entries) read_member(entry, pin, diagnostics);
    }
  }
  return pins;
}

std::string lock_file_text(const Pins& pins) {
  std::string text =
      "# Written by pveplan lock: what the images of this topology are pinned to. Commit it.\n";
  const auto quoted = [](const std::string& value) {
    std::string result = "\"";
    for (const char c : value) {
      if (c == '"' || c == '\\') result += '\\';
      result += c;
    }
    return result + "\"";
  };
  for (const auto& [name, pin] : pins) {
    text += fmt::format("\n[image.{}]\nurl = {}\n", name, quoted(pin.url));
    if (!pin.checksum.empty()) text += fmt::format("checksum = {}\n", quoted(pin.checksum));
    if (pin.size > 0) text += fmt::format("size = {}\n", pin.size);
    if (!pin.format.empty()) text += fmt::format("format = {}\n", quoted(pin.format));
  }
  return text;
}

}  // namespace pveplan::schema
