// SPDX-License-Identifier: Apache-2.0
#include "simile/core/sha256.hpp"

#include <openssl/evp.h>

#include "simile/core/error.hpp"

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

}  // namespace simile
