// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace simile {

/// SHA-256 of bytes that come piece by piece (FIPS 180-4, by OpenSSL; not in builds without images).
class Sha256 {
 public:
  using Digest = std::array<std::uint8_t, 32>;

  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void add(std::string_view bytes);
  void add(const void* bytes, std::size_t count) { add(std::string_view(static_cast<const char*>(bytes), count)); }
  /// Of all that was added; nothing may be added afterwards.
  Digest digest();

 private:
  struct Free {
    void operator()(void* context) const;
  };
  std::unique_ptr<void, Free> context_;
};

Sha256::Digest sha256(std::string_view bytes);
/// "ff00..." in lower case.
std::string to_hex(const Sha256::Digest& digest);
/// Of a file's bytes, as sha256sum prints it. Throws not_found, io.
std::string sha256_of_file(const std::filesystem::path& path);

}  // namespace simile
