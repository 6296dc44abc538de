#pragma once

#include "engine/view/written_places.hpp"
#include "model/row.hpp"
#include "schema/topology.hpp"

#include <string>

namespace pveplan::cli {

/// Where each value of a resource comes from: the line of a block, a profile or an override, with
/// the variable behind it; or a default and whose it is; or a choice that pveplan makes. `row` may
/// be null.
std::string origin_text(const schema::Resource& resource, const model::Row* row,
                        const schema::Topology& topology, const view::WrittenPlaces& places);

}  // namespace pveplan::cli
