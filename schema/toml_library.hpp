// The one place that knows which toml++ is installed: 3.3 on Debian 12, 3.4 on newer systems. Only
// schema/toml_tree.cpp may include this header: parse errors are thrown, and caught there.
#pragma once

#if __has_include(<toml++/toml.hpp>)
#include <toml++/toml.hpp>
#else
#include <toml++/toml.h>
#endif

static_assert(TOML_EXCEPTIONS, "the packaged library exports the exception ABI only");
static_assert(TOML_LIB_MAJOR == 3, "source regions and error texts were checked with 3.3 and 3.4");
