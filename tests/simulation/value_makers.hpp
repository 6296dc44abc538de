#pragma once

#include "tests/simulation/drawn_values.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pveplan::sim {

/// Says what the schema of one attribute cannot say.
struct ValueMaker {
  /// `path` is the one in the block, with the names of parts. Nothing: it is left out this time.
  std::function<std::optional<std::string>(const DrawPlace& place, SimRandom& draws,
                                           std::string_view path)>
      make;
  bool always = false;  ///< asked every time; else the attribute is stated in one draw of three
};

/// nullptr where the schema says enough.
const ValueMaker* maker_of(const std::string& schema_path);
/// All makers by the path of their attribute: "vm.nic.*.mac".
const std::map<std::string, ValueMaker>& value_makers();

/// A value that the schema alone allows. Nothing: there is none at present, such as a name of a
/// pool in a topology without pools. A kind of value that nobody thought of is a bug of the test
/// and throws.
std::optional<std::string> generic_value(const schema::AttributeSchema& attribute,
                                         const DrawPlace& place, SimRandom& draws);

/// Names that the parts of a block can have.
std::vector<std::string> part_names(const std::string& schema_path, const DrawPlace& place);

}  // namespace pveplan::sim
