// SPDX-License-Identifier: Apache-2.0
#include "simile/core/sha256.hpp"

#include <string>

#include <gtest/gtest.h>

namespace simile {
namespace {

// FIPS 180-4's examples.
TEST(Sha256, GivesThePublishedDigests) {
  EXPECT_EQ(to_hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256, TakesBytesInPieces) {
  const std::string bytes(1000, 'a');
  Sha256 hash;
  hash.add(bytes.substr(0, 1));
  hash.add(bytes.data(), 0);
  hash.add(bytes.data(), 999);
  EXPECT_EQ(hash.digest(), sha256(bytes));
}

}  // namespace
}  // namespace simile
