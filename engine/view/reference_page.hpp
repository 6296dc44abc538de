#pragma once

#include "schema/resource_schema.hpp"

#include <string>

namespace pveplan::view {

/// All that the language has for one type of resource, as Markdown that also reads well on a screen
/// of 80 columns: attributes with value, default, effect of a change and versions, what others may
/// read, and what is known and not acted on yet.
std::string reference_page(const schema::ResourceSchema& schema);

/// The same for the blocks that are no resources: [pveplan], [proxmox], [variable.NAME] and so on.
std::string topology_page();

/// All types with a line each, as text for a screen.
std::string types_text(const schema::SchemaRegistry& registry);

/// The same with links, for the folder of pages.
std::string types_page(const schema::SchemaRegistry& registry);

}  // namespace pveplan::view
