// SPDX-License-Identifier: Apache-2.0
#include "simile/core/sha256.hpp"

#include <string>

#include <gtest/gtest.h>

#include "core/expect_error.hpp"
#include "support/temporary_folder.hpp"

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

// The examples of FIPS 180-2, appendix B, and the empty message.
TEST(Sha256, OfAFileIsThatOfTheStandard) {
  const test::TemporaryFolder folder;
  EXPECT_EQ(sha256_of_file(folder.write("0", "")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_of_file(folder.write("1", "abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_of_file(folder.write("2", "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256_of_file(folder.write("3", std::string(1'000'000, 'a'))),  // many pieces
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, IsRefusedWhereAFileCannotBeRead) {
  const test::TemporaryFolder folder;
  expect_error(ErrorCode::not_found, "cannot read", [&] { sha256_of_file(folder / "no"); });
  // A folder opens, but its bytes cannot be read: no checksum of nothing.
  EXPECT_THROW(sha256_of_file(folder.path()), Error);
}

}  // namespace
}  // namespace simile
