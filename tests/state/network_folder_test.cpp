#include "state/network_folder.hpp"

#include "tests/state/history.hpp"
#include "tests/support/catch.hpp"

using namespace pveplan;
using state::locks_stay_here;
using state::mount_of;

namespace {

const std::string kTable =
    "22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n"
    "40 22 0:35 / /home rw,relatime shared:20 - nfs4 nas:/home rw,vers=4.2,local_lock=none\n"
    "41 22 0:36 / /mnt/with\\040blank rw - cifs //nas/share rw\n"
    "42 40 0:37 / /home/ann/remote rw - fuse.sshfs ann@far:/ rw\n"
    "43 22 0:38 / /old rw - nfs nas:/old rw,nolock,local_lock=all\n";

}  // namespace

TEST_CASE("the mount of a folder is the one that lies nearest") {
  CHECK(mount_of(kTable, "/srv/topology")->type == "ext4");
  CHECK(mount_of(kTable, "/home/ann/topology")->type == "nfs4");
  CHECK(mount_of(kTable, "/home/ann/remote")->type == "fuse.sshfs");
  CHECK(mount_of(kTable, "/home/ann/remote2")->type == "nfs4");
  CHECK(mount_of(kTable, "/mnt/with blank/x")->type == "cifs");
  CHECK_FALSE(mount_of("", "/srv"));
  CHECK_FALSE(mount_of("not a line of it\n", "/srv"));
}

TEST_CASE("a lock on a share or over SSH stays on this machine, on NFS only when mounted so") {
  CHECK_FALSE(locks_stay_here(*mount_of(kTable, "/srv")));
  CHECK_FALSE(locks_stay_here(*mount_of(kTable, "/home/ann")));
  CHECK(locks_stay_here(*mount_of(kTable, "/old/x")));
  CHECK(locks_stay_here(*mount_of(kTable, "/mnt/with blank")));
  CHECK(locks_stay_here(*mount_of(kTable, "/home/ann/remote/x")));
}

TEST_CASE("a session on such a folder warns") {
  sim::SimWorld world(1);
  state::make_home(world);
  for (const bool warned : {false, true}) {
    world.disk.place("/proc/self/mountinfo",
                     std::string("22 1 254:1 / / rw - ") + (warned ? "cifs" : "ext4") + " x rw\n");
    sim::SimHost host(world);
    auto session = state::store_on(host).lock("apply");
    REQUIRE(session);
    CHECK((*session)->warnings.items().size() == (warned ? 1 : 0));
    REQUIRE((*session)->finish());
  }
}
