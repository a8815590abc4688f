// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitset>
#include <string_view>
#include <vector>

namespace simile {

/// A glob, compiled once and matched in time proportional to its length times the path's: no backtracking, so that no
/// pattern can make a listing hang.
class Glob {
 public:
  /// Throws invalid_argument when `glob` is empty or a set has no end.
  explicit Glob(std::string_view glob);
  bool matches(std::string_view path) const;

 private:
  enum class Kind : unsigned char {
    one_of,      ///< one byte of a set
    many,        ///< `*`: any number of bytes of one path part
    across,      ///< `**`: any number of bytes
    some_parts,  ///< `**/`: nothing, or anything that ends in a slash
  };
  struct Token {
    Kind kind;
    std::bitset<256> bytes;  ///< of one_of
  };

  std::vector<Token> tokens_;
  bool name_only_ = false;
};

}  // namespace simile
