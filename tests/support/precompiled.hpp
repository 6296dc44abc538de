// What nearly every test includes; Catch2 alone takes longer than most tests.
#pragma once

#include "cmake/precompiled.hpp"
#include "tests/support/catch.hpp"
