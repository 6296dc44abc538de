#pragma once

#include "lab/core/failure.hpp"
#include "lab/core/parameter.hpp"
#include "lab/core/parameters.hpp"

#include <map>
#include <span>
#include <string>

namespace pveplan::lab {

/// Faults by parameter path; a second fault of one parameter is appended behind a backslash and an
/// n.
using Faults = std::map<std::string, std::string>;
void add_fault(Faults& faults, const std::string& path, const std::string& text);

/// What the rules of the real schema checker need to know about their surroundings.
struct CheckContext {
  int major = 9;
};

/// Brings arrays and scalars into the declared shape, as the server does before it checks.
void shape_parameters(std::span<const Parameter> known, Parameters& given);

/// All faults of all parameters, with the server's texts.
Faults check_parameters(std::span<const Parameter> known, const Parameters& given,
                        const CheckContext& context);

/// A property string taken apart: aliases resolved, booleans as 0/1.
Attempt<std::map<std::string, std::string>> parse_property_string(const PropertyFormat& format,
                                                                  const std::string& text,
                                                                  const std::string& path,
                                                                  const CheckContext& context);

}  // namespace pveplan::lab
