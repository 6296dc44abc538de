#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pveplan::pve {

/// A Proxmox task's id taken apart: `UPID:node:pid:pstart:starttime:type:id:user:` (FACTS 5.1).
class Upid {
 public:
  Upid() {}  // no aggregate: coroutine parameter (g++ 12)
  std::string text;
  std::string node;  ///< where the task lives, whichever node the call went to
  std::int64_t start_time = 0;
  std::string type;  ///< "qmclone"
  std::string id;    ///< decoded; of a clone it is the *source's* VMID
  std::string user;  ///< "root@pam!pveplan"
};

/// nullopt when the text is none.
std::optional<Upid> parse_upid(std::string_view text);

/// "/nodes/NODE/tasks/UPID", ready for "/status" or "/log".
std::string task_path(const Upid& upid);

}  // namespace pveplan::pve
