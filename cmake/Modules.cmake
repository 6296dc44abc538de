# One static library a module. Usage requirements carry the dependency graph of the folders, so an
# include that is not declared here does not link; tests/architecture checks the includes as well.

add_library(pveplan_warnings INTERFACE)
target_compile_options(pveplan_warnings INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual -Wswitch-enum
  # In unity builds g++ 12 takes each coroutine frame that holds a file-local type for a mistake.
  -Wno-subobject-linkage)

# pveplan_module(NAME FILES... [DEPENDS target...] [PRIVATE_DEPENDS target...])
function(pveplan_module name)
  cmake_parse_arguments(ARG "" "" "FILES;DEPENDS;PRIVATE_DEPENDS" ${ARGN})
  add_library(pveplan_${name} STATIC ${ARG_FILES})
  add_library(pveplan::${name} ALIAS pveplan_${name})
  target_include_directories(pveplan_${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(pveplan_${name}
    PUBLIC ${ARG_DEPENDS} fmt::fmt
    PRIVATE ${ARG_PRIVATE_DEPENDS} pveplan_warnings)
  target_precompile_headers(pveplan_${name} PRIVATE ${PROJECT_SOURCE_DIR}/cmake/precompiled.hpp)
endfunction()
