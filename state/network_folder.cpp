#include "state/network_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

namespace pveplan::state {
namespace {

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty()) {
    const auto blank = std::min(line.find(' '), line.size());
    if (blank > 0) words.push_back(line.substr(0, blank));
    line.remove_prefix(std::min(blank + 1, line.size()));
  }
  return words;
}

/// The kernel writes a blank as \040.
std::string unescaped(std::string_view word) {
  std::string text;
  for (std::size_t i = 0; i < word.size(); ++i) {
    const bool escaped = word[i] == '\\' && i + 3 < word.size();
    if (!escaped) {
      text += word[i];
      continue;
    }
    text +=
        static_cast<char>((word[i + 1] - '0') * 64 + (word[i + 2] - '0') * 8 + (word[i + 3] - '0'));
    i += 3;
  }
  return text;
}

bool lies_in(const std::string& folder, const std::string& point) {
  if (point == "/" || folder == point) return true;
  return folder.starts_with(point + "/");
}

bool has_option(const std::string& options, std::string_view wanted) {
  std::string_view rest = options;
  while (!rest.empty()) {
    const auto comma = std::min(rest.find(','), rest.size());
    if (rest.substr(0, comma) == wanted) return true;
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return false;
}

}  // namespace

std::optional<Mount> mount_of(std::string_view mountinfo, const std::string& absolute_folder) {
  std::optional<Mount> found;
  std::size_t longest = 0;
  while (!mountinfo.empty()) {
    const auto end = std::min(mountinfo.find('\n'), mountinfo.size());
    const auto words = words_of(mountinfo.substr(0, end));
    mountinfo.remove_prefix(std::min(end + 1, mountinfo.size()));
    const auto hyphen = std::find(words.begin(), words.end(), "-");
    // ID parent device root POINT options … - TYPE source SUPER-OPTIONS
    if (words.size() < 6 || words.end() - hyphen < 4) continue;
    const auto point = unescaped(words[4]);
    if (!lies_in(absolute_folder, point) || point.size() < longest) continue;
    longest = point.size();  // of two mounts at one point the later one counts
    found = Mount{std::string(hyphen[1]), fmt::format("{},{}", words[5], hyphen[3])};
  }
  return found;
}

bool locks_stay_here(const Mount& mount) {
  // Others that are shared, such as ceph, gfs2, ocfs2 and lustre with its flock option, tell each
  // other.
  static constexpr std::array<std::string_view, 9> kSilent = {
      "cifs", "smb3", "smbfs", "9p", "vboxsf", "fuse.sshfs", "fuse.rclone", "fuse.s3fs", "afs"};
  if (mount.type == "nfs" || mount.type == "nfs4") {
    return has_option(mount.options, "local_lock=all") ||
           has_option(mount.options, "local_lock=flock") || has_option(mount.options, "nolock");
  }
  return std::find(kSilent.begin(), kSilent.end(), mount.type) != kSilent.end();
}

std::optional<schema::Diagnostic> lock_remark(const StorePlace& place) {
  const auto table = place.files.read("/proc/self/mountinfo");
  if (!table) return std::nullopt;
  const bool absolute = place.directory.starts_with('/');
  const auto folder =
      absolute ? place.directory : place.environment.working_directory() + "/" + place.directory;
  const auto mount = mount_of(*table, folder);
  if (!mount || !locks_stay_here(*mount)) return std::nullopt;
  return schema::warning(
      "Lock does not reach other machines",
      fmt::format("'{}' lies on a file system ({}) whose locks other machines do not see: two of "
                  "them could apply at the same time. Keep the state on a server instead (`state = "
                  "{{ backend = \"http\" }}`), or apply from this machine only.",
                  place.directory, mount->type));
}

}  // namespace pveplan::state
