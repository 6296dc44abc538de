#pragma once

#include "schema/resource_schema.hpp"
#include "tests/support/sim_random.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pveplan::sim {

/// Lines of a block: the path below its header → the value as TOML.
using Lines = std::map<std::string, std::string>;

/// What a block is drawn in. `place` is for life: what cannot change on a living object is drawn
/// from it and from the path alone, so that every edit says the same.
struct DrawPlace {
  SimRandom* draws = nullptr;  ///< of this edit
  std::uint64_t life = 0;
  int edit = 0;        ///< sizes grow with it
  int version = 0;     ///< of the server: 804
  int index = 0;       ///< of the block, for what must exist once
  bool keyed = false;  ///< several instances share the lines
  std::string name;    ///< of the block
  std::vector<std::string> nodes;
  std::map<std::string, std::vector<std::string>> names;  ///< blocks of this topology, by type
};

/// Draws lines for a block from what the schema says of its attributes, so that an attribute that
/// is new in a schema is drawn without anybody thinking of it. What the schema cannot say, such as
/// which addresses are free, is said by makers for single attributes.
Lines draw_block(const schema::ResourceSchema& type, const DrawPlace& place);

/// Every attribute that a topology may state, as "vm.disk.*.size".
std::vector<std::string> attributes_of(const schema::ResourceSchema& type);
/// Attributes that are never drawn, with the reason.
const std::map<std::string, std::string>& not_drawn();

/// The text as a TOML string.
std::string quoted(std::string_view text);
/// One draw that is the same in every edit of a life.
SimRandom for_life(const DrawPlace& place, std::string_view what);

}  // namespace pveplan::sim
