// SPDX-License-Identifier: Apache-2.0
#include "feature/extraction.hpp"

#include "simile/core/text.hpp"

namespace simile {

Extraction extract_hashes(const ExtractionJob& job, HashKind kind) {
  const int hash_size = job.options.hash_size.value_or(kDefaultHashSize);
  // Never a reduced decode: it changes most bits of a hash (docs/definitions.md).
  Recipe recipe{
      .name = concat(to_string(kind), " 1, ", hash_size), .decode = {.limits = job.options.limits}, .make = {}};
  recipe.make = [kind, hash_size](View<const std::uint8_t, 3> image) {
    std::vector<std::uint8_t> hash;
    with_grey(image, [&](View<const std::uint8_t, 2> grey) { hash = perceptual_hash(grey, kind, hash_size); });
    return hash;
  };
  Extraction result;
  result.features.bits = hash_bits(hash_size);
  extract_rows(job, recipe, {hash_bytes(hash_size)}, result.features.codes, result);
  return result;
}

}  // namespace simile
