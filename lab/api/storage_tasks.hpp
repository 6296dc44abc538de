#pragma once

#include "lab/core/tasks.hpp"

/// What goes on behind the answers of the storage calls.
namespace pveplan::lab {

PhaseResult delete_volume(Work& work);
PhaseResult download_file(Work& work);
PhaseResult import_upload(Work& work);

}  // namespace pveplan::lab
