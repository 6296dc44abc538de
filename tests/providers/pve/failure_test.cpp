#include "providers/pve/client/failure.hpp"

#include "tests/support/catch.hpp"

using pveplan::core::ApiFailure;
using pveplan::pve::classify_answer;
using pveplan::pve::classify_text;

TEST_CASE("the texts of recorded failures are told apart") {
  struct Row {
    const char* text;
    ApiFailure failure;
  };
  const auto row = GENERATE(values<Row>({
      {"can't lock file '/var/lock/qemu-server/lock-300.conf' - got timeout",
       ApiFailure::lock_timeout},
      {"create pool failed: cfs-lock 'file-user_cfg' error: got lock request timeout",
       ApiFailure::lock_timeout},
      {"cfs-lock 'file-user_cfg' error: no quorum!", ApiFailure::no_quorum},
      {"cluster not ready - no quorum?", ApiFailure::no_quorum},
      {"VM is locked (backup)", ApiFailure::guest_locked},
      {"CT is locked (disk)", ApiFailure::guest_locked},
      {"checksum mismatch (file change by other user?)", ApiFailure::digest_mismatch},
      {"update storage failed: detected modified configuration - file changed by other user? Try "
       "again.",
       ApiFailure::digest_mismatch},
      {"unable to create VM 101 - VM 101 already exists on node 'pve'", ApiFailure::taken},
      {"unable to create VM 105: config file already exists", ApiFailure::taken},
      {"create pool failed: pool 'prod' already exists", ApiFailure::taken},
      {"create storage failed: storage ID 'extra' already defined", ApiFailure::taken},
      {"Configuration file 'nodes/pve/qemu-server/120.conf' does not exist", ApiFailure::absent},
      {"unable to find configuration file for VM 999 on node 'pve'", ApiFailure::absent},
      {"pool 'nope' does not exist", ApiFailure::absent},
      {"no such ha rule 'x'", ApiFailure::absent},
      {"create storage failed: storage 'x' is not online", ApiFailure::storage_offline},
      {"hostname lookup 'nosuch' failed - failed to get address info for: nosuch: Name or service "
       "not known",
       ApiFailure::node_unreachable},
      {"checksum mismatch: got 'a' != expect 'b', aborting", ApiFailure::other},
      {"VM 301 is running - destroy failed", ApiFailure::other},
  }));
  INFO(row.text);
  CHECK(classify_text(row.text) == row.failure);
}

TEST_CASE("the status decides before the text, and a lost answer leaves a write open") {
  CHECK(classify_answer(401, "Authentication failed!", false) == ApiFailure::unauthorized);
  CHECK(classify_answer(403, "Permission check failed (pool 'p' does not exist)", true) ==
        ApiFailure::forbidden);
  CHECK(classify_answer(400, "Parameter verification failed.\ntype check ('integer') failed",
                        true) == ApiFailure::bad_parameter);
  CHECK(classify_answer(400, "Parameter verification failed.\nVM 100 already exists", false) ==
        ApiFailure::taken);
  CHECK(classify_answer(400, "Parameter verification failed.\ninterface does not exist", true) ==
        ApiFailure::absent);
  CHECK(classify_answer(595, "Connection refused", true) == ApiFailure::node_unreachable);
  CHECK(classify_answer(596, "Connection timed out", true) == ApiFailure::unknown_outcome);
  CHECK(classify_answer(596, "Connection timed out", false) == ApiFailure::node_unreachable);
  CHECK(classify_answer(500, "got no worker upid", true) == ApiFailure::other);
}
