#pragma once

#include "schema/value.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pveplan::pve {

/// A VM's config from `GET …/pending`: what is in force, and what will be after the next start.
class GuestConfig {
 public:
  static GuestConfig from_pending(const schema::Value& data);

  /// The value that will hold once nothing is pending; nullptr when unset.
  const std::string* find(std::string_view key) const;
  std::string text(std::string_view key) const;
  /// The value in force now; nullptr when unset.
  const std::string* find_running(std::string_view key) const;
  /// Whether the two differ.
  bool is_pending(std::string_view key) const;
  /// Whether a drive that waits for the next start was written before the disk grew: the server
  /// would take the old size into the config then, and never put it right by itself. `find` shows
  /// the real size; what says so is to be written again.
  bool is_outgrown(std::string_view key) const;
  std::vector<std::string> keys() const;          ///< that will be set, sorted
  std::vector<std::string> running_keys() const;  ///< that are set now
  const std::string& digest() const { return digest_; }

 private:
  struct Entry {
    std::optional<std::string> running;
    std::optional<std::string> wanted;
    bool outgrown = false;
  };
  std::map<std::string, Entry, std::less<>> entries_;
  std::string digest_;
};

}  // namespace pveplan::pve
