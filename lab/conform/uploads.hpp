#pragma once

#include "lab/conform/bindings.hpp"
#include "lab/conform/recording.hpp"

#include <string>

namespace pveplan::lab {

/// Whether a file was sent, of which the recording only keeps name and size.
bool has_lost_file(const Exchange& exchange);

/// A body with a made-up file in the place of the lost one; `boundary` is that of its header.
std::string upload_body(const Exchange& exchange, const Bindings& bindings);

/// Lets the recorded sums of lost files stand for those of the made-up ones.
void bind_file_sums(Bindings& bindings);

}  // namespace pveplan::lab
