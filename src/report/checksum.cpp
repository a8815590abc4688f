// SPDX-License-Identifier: Apache-2.0
#include "report/checksum.hpp"

#include <array>
#include <fstream>

#include "simile/core/atomic_file.hpp"
#include "simile/core/error.hpp"
#include "simile/core/sha256.hpp"
#include "simile/core/text.hpp"

namespace simile {

std::string sha256_of_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw_system_error("read", path);
  Sha256 hash;
  std::array<char, 1 << 16> piece{};
  while (file) {
    file.read(piece.data(), piece.size());
    hash.add(piece.data(), static_cast<std::size_t>(file.gcount()));
  }
  if (file.bad() || !file.eof()) throw Error(ErrorCode::io, concat("cannot read ", in_quotes(path.native())));
  return to_hex(hash.digest());
}

}  // namespace simile
