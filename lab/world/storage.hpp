#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// Storage definitions and what lies on them. Volumes are sizes, never bytes.
namespace pveplan::lab {

struct StorageDefinition {
  std::string type;  ///< "dir", "lvmthin" …
  std::map<std::string, std::string> options;

  template <typename Self, typename Archive>
  static void describe(Self& self, Archive&& archive) {
    archive("type", self.type);
    archive("options", self.options);
  }
};

/// Room on one storage of one node, in bytes; shared storages use the node "".
struct StorageSpace {
  std::int64_t total = 0;
  std::int64_t used_by_others = 0;  ///< what is used besides the volumes that the lab knows
  bool online = true;

  template <typename Self, typename Archive>
  static void describe(Self& self, Archive&& archive) {
    archive("total", self.total);
    archive("used_by_others", self.used_by_others);
    archive("online", self.online);
  }
};

struct Volume {
  std::string content;    ///< "images", "iso", "import" …
  std::string format;     ///< "raw", "qcow2", "subvol" …
  std::int64_t size = 0;  ///< virtual size in bytes
  std::int64_t used = 0;  ///< allocated bytes
  int guest = 0;          ///< the VMID in its name, 0 = none
  std::string parent;     ///< base volume of a linked clone
  std::int64_t created = 0;
  std::string notes;
  bool is_protected = false;
  std::map<std::string, std::string> checksums;  ///< algorithm → hex
  std::string source;                            ///< the URL that its bytes came from

  template <typename Self, typename Archive>
  static void describe(Self& self, Archive&& archive) {
    archive("content", self.content);
    archive("format", self.format);
    archive("size", self.size);
    archive("used", self.used);
    archive("guest", self.guest);
    archive("parent", self.parent);
    archive("created", self.created);
    archive("notes", self.notes);
    archive("protected", self.is_protected);
    archive("checksums", self.checksums);
    archive("source", self.source);
  }
};

/// A file that download-url can fetch: the lab itself fetches nothing.
struct MirrorFile {
  std::int64_t size = 0;
  std::int64_t virtual_size = 0;                 ///< 0: no disk image, or raw
  std::string format;                            ///< "qcow2", "raw", "iso" …
  std::map<std::string, std::string> checksums;  ///< algorithm → hex; what is missing is summed up
  std::int64_t edition = 0;                      ///< another number stands for other bytes

  template <typename Self, typename Archive>
  static void describe(Self& self, Archive&& archive) {
    archive("size", self.size);
    archive("virtual_size", self.virtual_size);
    archive("format", self.format);
    archive("checksums", self.checksums);
    archive("edition", self.edition);
  }
};

struct Storages {
  std::map<std::string, StorageDefinition> definitions;
  /// storage → node ("" when shared) → room
  std::map<std::string, std::map<std::string, StorageSpace>> spaces;
  /// storage → node ("" when shared) → volume name (the part of a volid after the colon) → volume
  std::map<std::string, std::map<std::string, std::map<std::string, Volume>>> volumes;
  std::map<std::string, MirrorFile> mirror;  ///< by URL

  template <typename Self, typename Archive>
  static void describe(Self& self, Archive&& archive) {
    archive("definitions", self.definitions);
    archive("spaces", self.spaces);
    archive("volumes", self.volumes);
    archive("mirror", self.mirror);
  }
};

}  // namespace pveplan::lab
