#pragma once

#include "model/change.hpp"
#include "model/step.hpp"

#include <vector>

namespace pveplan::pve {

/// The steps of one change of a VM, each after the one before. Arguments: `identity`; `after` where
/// attributes are written; `then`, the operations that follow (what the row will still owe); and by
/// operation
///   clone      –
///   create     –
///   configure  `reset` (paths), `removed` (parts: "disk.data"), `awaits_start` (something already
///              waits for the guest's next start)
///   resize     `disk`, `size`
///   pool       –
///   discard    `disk`, `volume`
///   start      `power`, where the topology asks for it
///   shutdown   `timeout`, `force` (stop when the time is over), `power` as above
///   reboot     `timeout`
///   wait       `for` ("agent", "ssh"), `timeout`: until that answers
///   delete     `purge`
///   refuse     `reason`: something that pveplan does not do (yet); fails before any write
std::vector<model::Step> lower_vm(const model::Change& change);

}  // namespace pveplan::pve
