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

/// Adds rows begin to end, if the array is in use.
template <class T, int Rank>
void add_rows(Sha256& hash, const Array<T, Rank>& array, std::int64_t begin, std::int64_t end) {
  if (array.data() == nullptr || begin == end) return;
  const std::int64_t row_size = array.size() / array.shape(0);
  for (int axis = 1; axis < Rank; ++axis) hash.add(concat(array.shape(axis), ";"));
  hash.add(array.data() + begin * row_size, static_cast<std::size_t>((end - begin) * row_size) * sizeof(T));
}

constexpr std::size_t kRowKeyDigits = 16;  // 64 bits: that an edited photo keeps its key by chance need not be feared

}  // namespace

std::vector<std::string> row_keys(const Features& features) {
  std::vector<std::string> keys;
  keys.reserve(features.items.size());
  for (std::int64_t row = 0; row < features.num_rows(); ++row) {
    const auto k = static_cast<std::size_t>(row);
    const bool ragged = !features.offsets.empty();
    Sha256 hash;
    hash.add(concat(info(features.method).name, ";", features.bits, ";"));
    add_rows(hash, features.images, row, row + 1);
    add_rows(hash, features.colour_images, row, row + 1);
    add_rows(hash, features.codes, ragged ? features.offsets[k] : row, ragged ? features.offsets[k + 1] : row + 1);
    add_rows(hash, features.signatures, row, row + 1);
    add_rows(hash, features.vectors, row, row + 1);
    keys.push_back(to_hex(hash.digest()).substr(0, kRowKeyDigits));
  }
  return keys;
}

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
