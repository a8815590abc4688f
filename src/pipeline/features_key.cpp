// SPDX-License-Identifier: Apache-2.0
#include "pipeline/features_key.hpp"

#include <array>
#include <memory>
#include <string_view>

#include <openssl/evp.h>

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

class Digest {
 public:
  Digest() : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
    good_ = context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1;
  }

  void add(const void* data, std::int64_t bytes) {
    good_ = good_ && EVP_DigestUpdate(context_.get(), data, static_cast<std::size_t>(bytes)) == 1;
  }
  void add(std::string_view text) { add(text.data(), std::ssize(text)); }
  template <class T, int Rank>
  void add(const Array<T, Rank>& array) {
    for (const std::int64_t extent : array.shape()) add(concat(extent, ";"));
    if (array.data() != nullptr) add(array.data(), array.size_bytes());
  }

  std::string hex() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    good_ = good_ && EVP_DigestFinal_ex(context_.get(), digest.data(), &length) == 1;
    ensure(good_, "SHA-256 failed");
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (unsigned k = 0; k < length; ++k) text += {kDigits[digest[k] >> 4], kDigits[digest[k] & 15]};
    return text;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
  bool good_ = false;
};

}  // namespace

std::string features_key(const Features& features, const MetricOptions& options) {
  Digest digest;
  digest.add(concat(info(features.method).name, ";", features.bits, ";",
                    to_string(options.window.value_or(SsimWindow::uniform)), ";"));
  digest.add(features.images);
  digest.add(features.colour_images);
  digest.add(features.codes);
  digest.add(features.offsets.data(), std::ssize(features.offsets) * static_cast<std::int64_t>(sizeof(std::int64_t)));
  digest.add(features.signatures);
  digest.add(features.vectors);
  return digest.hex();
}

}  // namespace simile
