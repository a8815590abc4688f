// SPDX-License-Identifier: Apache-2.0
#include "simile/feature/select_items.hpp"

#include <cstring>
#include <utility>

namespace simile {
namespace {

template <class T, int Rank>
void select_rows(Array<T, Rank>& rows, const std::vector<std::int64_t>& items) {
  if (rows.data() == nullptr || rows.shape(0) == 0) return;
  const std::int64_t row_size = rows.size() / rows.shape(0);
  for (std::size_t k = 0; k < items.size(); ++k) {
    std::memmove(rows.data() + static_cast<std::int64_t>(k) * row_size, rows.data() + items[k] * row_size,
                 static_cast<std::size_t>(row_size) * sizeof(T));
  }
  rows.truncate(static_cast<std::int64_t>(items.size()));
}

/// Rows of variable length: the descriptors of item k are offsets[k] .. offsets[k + 1].
void select_ragged(Features& features, const std::vector<std::int64_t>& items) {
  if (features.offsets.empty()) return;
  std::vector<std::int64_t> descriptors;
  std::vector<std::int64_t> offsets{0};
  for (const std::int64_t item : items) {
    const auto k = static_cast<std::size_t>(item);
    for (std::int64_t row = features.offsets[k]; row < features.offsets[k + 1]; ++row) descriptors.push_back(row);
    offsets.push_back(static_cast<std::int64_t>(descriptors.size()));
  }
  select_rows(features.codes, descriptors);
  features.offsets = std::move(offsets);
}

void select_features(Features& features, const std::vector<std::int64_t>& items) {
  if (features.offsets.empty()) {
    select_rows(features.codes, items);
  } else {
    select_ragged(features, items);
  }
  select_rows(features.images, items);
  select_rows(features.colour_images, items);
  select_rows(features.signatures, items);
  select_rows(features.vectors, items);
  features.items.resize(items.size());
  for (std::size_t k = 0; k < items.size(); ++k) features.items[k] = static_cast<std::int64_t>(k);
}

}  // namespace

Dataset select_items(Dataset dataset, const std::vector<std::int64_t>& items) {
  std::vector<std::string> ids;
  ids.reserve(items.size());
  for (const std::int64_t item : items) {
    ids.push_back(std::move(dataset.images.catalogue.ids[static_cast<std::size_t>(item)]));
  }
  dataset.images.catalogue.ids = std::move(ids);
  select_rows(dataset.images.pixels, items);
  if (dataset.features) select_features(*dataset.features, items);
  return dataset;
}

}  // namespace simile
