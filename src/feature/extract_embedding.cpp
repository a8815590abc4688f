// SPDX-License-Identifier: Apache-2.0
// Vectors of images, by a network.
#include <cstring>

#include "feature/extraction.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/feature/image_embedder.hpp"

namespace simile {

Extraction extract_embedding(const ExtractionJob& job) {
  ensure(job.options.embedder != nullptr, "no network to take vectors by");
  ImageEmbedder& embedder = *job.options.embedder;
  const std::int64_t dimensions = embedder.dimensions();
  Recipe recipe{.name = concat("embedding 1, ", embedder.identity(), ", ", embedder.arithmetic()),
                .decode = decode_for(embedder.resized_to(), job.options),
                .make = [&](View<const std::uint8_t, 3> image) { return embedder.prepare(image); },
                .finish =
                    [&](std::span<const std::vector<std::uint8_t>> prepared) {
                      Array<float, 2> vectors({std::ssize(prepared), dimensions});
                      embedder.embed(prepared, vectors.view());
                      std::vector<std::vector<std::uint8_t>> rows(prepared.size());
                      for (std::size_t k = 0; k < rows.size(); ++k) {
                        rows[k].resize(static_cast<std::size_t>(dimensions) * sizeof(float));
                        std::memcpy(rows[k].data(), vectors.view()[static_cast<std::int64_t>(k)].data, rows[k].size());
                      }
                      return rows;
                    },
                .batch = embedder.batch()};
  Extraction result;
  result.features.model = embedder.name();
  result.features.architecture = embedder.architecture();
  result.features.model_identity = embedder.identity();
  result.features.arithmetic = embedder.arithmetic();
  extract_rows(job, recipe, {dimensions}, result.features.vectors, result);
  return result;
}

}  // namespace simile
