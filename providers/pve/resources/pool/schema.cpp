#include "providers/pve/resources/pool/schema.hpp"

namespace pveplan::pve {

using namespace schema;

ResourceSchema pool_schema() {
  ResourceSchema result;
  result.type = "pool";
  result.doc = "A pool of guests and storages, to give rights on them together.";
  result.needs_connection = true;
  result.object =
      ObjectBuilder()
          .add(attr("id", string())
                   .identity()
                   .chosen(Choice::instance_name)
                   .format(Format::pool_id)
                   .default_ours(Value(), "the block's name")
                   .wire({"poolid", {}, false, {}, Wire::Encoding::plain, true, false})
                   .doc("What Proxmox calls the pool; with \"/\" a pool inside of another one."))
          .add(attr("comment", string())
                   .canonical(CanonicalForm::trimmed_text)
                   .default_server()
                   .option("comment")
                   .doc("A text for people."))
          .build();
  return result;
}

}  // namespace pveplan::pve
