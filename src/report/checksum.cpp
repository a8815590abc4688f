// SPDX-License-Identifier: Apache-2.0
#include "report/checksum.hpp"

#include <array>
#include <fstream>
#include <memory>

#include <openssl/evp.h>

#include "simile/core/atomic_file.hpp"
#include "simile/core/error.hpp"

namespace simile {

std::string sha256_of_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw_system_error("read", path);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  bool good = context && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1;
  std::array<char, 1 << 16> piece{};
  while (good && file) {
    file.read(piece.data(), piece.size());
    good = EVP_DigestUpdate(context.get(), piece.data(), static_cast<std::size_t>(file.gcount())) == 1;
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  good = good && EVP_DigestFinal_ex(context.get(), digest.data(), &length) == 1;
  ensure(good, "SHA-256 failed");
  static constexpr const char* kDigits = "0123456789abcdef";
  std::string hex;
  for (unsigned k = 0; k < length; ++k) {
    hex += kDigits[digest[k] >> 4];
    hex += kDigits[digest[k] & 15];
  }
  return hex;
}

}  // namespace simile
