// SPDX-License-Identifier: Apache-2.0
// Links every room and every library behind them.
#include <iostream>

#include "simile/cli/run.hpp"

int main() { return simile::run({"--version"}, {std::cout, std::cerr}, {}); }
