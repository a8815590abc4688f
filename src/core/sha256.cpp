// SPDX-License-Identifier: Apache-2.0
#include "simile/core/sha256.hpp"

#include <fstream>

#include <openssl/evp.h>

#include "simile/core/atomic_file.hpp"
#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

EVP_MD_CTX* of(const auto& context) { return static_cast<EVP_MD_CTX*>(context.get()); }

}  // namespace

void Sha256::Free::operator()(void* context) const { EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context)); }

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  ensure(context_ && EVP_DigestInit_ex(of(context_), EVP_sha256(), nullptr) == 1, "SHA-256 cannot be started");
}

Sha256::~Sha256() = default;

void Sha256::add(std::string_view bytes) {
  ensure(EVP_DigestUpdate(of(context_), bytes.data(), bytes.size()) == 1, "SHA-256 failed");
}

Sha256::Digest Sha256::digest() {
  Digest digest{};
  ensure(EVP_DigestFinal_ex(of(context_), digest.data(), nullptr) == 1, "SHA-256 failed");
  return digest;
}

Sha256::Digest sha256(std::string_view bytes) {
  Sha256 hash;
  hash.add(bytes);
  return hash.digest();
}

std::string to_hex(const Sha256::Digest& digest) {
  static constexpr const char* kDigits = "0123456789abcdef";
  std::string hex;
  for (const auto byte : digest) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

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
