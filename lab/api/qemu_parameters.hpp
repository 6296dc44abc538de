#pragma once

#include "lab/core/parameter.hpp"

#include <string>
#include <vector>

namespace pveplan::lab {

/// The options of a virtual machine as parameters of the calls that create and change one.
const std::vector<Parameter>& qemu_options(int major);
/// The same without a number: "net3" has the rule of "net[n]". nullptr when there is no such
/// option.
const Parameter* find_qemu_option(int major, const std::string& name);

/// Names of all drives, in the order in which refusals list them.
std::vector<std::string> drive_names();
std::vector<std::string> unused_names();

}  // namespace pveplan::lab
