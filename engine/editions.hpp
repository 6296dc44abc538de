#pragma once

#include "engine/planning.hpp"

namespace pveplan::engine {

/// The edition of the image that a template or a guest would be made from now: a few digits that
/// are others for other content, as far as its block tells. Empty for what is made from nothing
/// that the topology declares, and where nobody knows.
std::string edition_to_make_from(const Planning& planning, const schema::ResourceAddress& address,
                                 const schema::Value& attributes, const std::string& node);

/// The same of what it was made from; empty for what was made before editions were noted.
std::string edition_made_from(const model::Row& row);

/// Puts the edition into the facts of a change that makes the object; its steps store it.
void note_edition(const Planning& planning, model::Change& change);

/// Tells the plan that a living object was made from an older edition than a new one would be.
void tell_older(Planning& planning, const model::Row& row, const schema::Value& attributes,
                const model::Identity& identity);

}  // namespace pveplan::engine
