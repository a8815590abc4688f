// SPDX-License-Identifier: Apache-2.0
// A worker program whose decoder can be ordered to fail.
#include "support/fake_decoder.hpp"

int main() { return simile::test::serve_fake_decoding(); }
