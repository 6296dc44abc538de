#include "schema/conflicts.hpp"

namespace pveplan::schema {

void find_conflicts(DecodeContext&, const Topology&) {}

}  // namespace pveplan::schema
