// SPDX-License-Identifier: Apache-2.0
#include "pipeline/features_key.hpp"

#include "simile/core/sha256.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

template <class T, int Rank>
void add(Sha256& hash, const Array<T, Rank>& array) {
  for (const std::int64_t extent : array.shape()) hash.add(concat(extent, ";"));
  if (array.data() != nullptr) hash.add(array.data(), static_cast<std::size_t>(array.size_bytes()));
}

}  // namespace

std::string features_key(const Features& features, const MetricOptions& options) {
  Sha256 hash;
  hash.add(concat(info(features.method).name, ";", features.bits, ";",
                  to_string(options.window.value_or(SsimWindow::uniform)), ";"));
  add(hash, features.images);
  add(hash, features.colour_images);
  add(hash, features.codes);
  hash.add(features.offsets.data(), features.offsets.size() * sizeof(std::int64_t));
  add(hash, features.signatures);
  add(hash, features.vectors);
  return to_hex(hash.digest());
}

}  // namespace simile
