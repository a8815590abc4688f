// SPDX-License-Identifier: Apache-2.0
#include "simile/feature/select_items.hpp"

#include <cstring>
#include <utility>

namespace simile {
namespace {

template <class T, int Rank>
void keep_rows(Array<T, Rank>& rows, const std::vector<std::int64_t>& items) {
  if (rows.data() == nullptr || rows.shape(0) == 0) return;
  const std::int64_t row_size = rows.size() / rows.shape(0);
  for (std::size_t k = 0; k < items.size(); ++k) {
    std::memmove(rows.data() + static_cast<std::int64_t>(k) * row_size, rows.data() + items[k] * row_size,
                 static_cast<std::size_t>(row_size) * sizeof(T));
  }
  rows.truncate(static_cast<std::int64_t>(items.size()));
}

/// Rows of variable length: the descriptors of item k are offsets[k] .. offsets[k + 1].
struct Ragged {
  std::vector<std::int64_t> descriptors;
  std::vector<std::int64_t> offsets;
};

/// The descriptors of the given items, and where each begins among them; empty where items have one row each.
Ragged descriptors_of(const Features& features, const std::vector<std::int64_t>& items) {
  Ragged ragged;
  if (features.offsets.empty()) return ragged;
  ragged.offsets.push_back(0);
  for (const std::int64_t item : items) {
    const auto k = static_cast<std::size_t>(item);
    for (std::int64_t row = features.offsets[k]; row < features.offsets[k + 1]; ++row)
      ragged.descriptors.push_back(row);
    ragged.offsets.push_back(static_cast<std::int64_t>(ragged.descriptors.size()));
  }
  return ragged;
}

std::vector<std::int64_t> all_of(std::size_t count) {
  std::vector<std::int64_t> all(count);
  for (std::size_t k = 0; k < count; ++k) all[k] = static_cast<std::int64_t>(k);
  return all;
}

void select_features(Features& features, const std::vector<std::int64_t>& items) {
  Ragged ragged = descriptors_of(features, items);
  keep_rows(features.codes, features.offsets.empty() ? items : ragged.descriptors);
  features.offsets = std::move(ragged.offsets);
  keep_rows(features.images, items);
  keep_rows(features.colour_images, items);
  keep_rows(features.signatures, items);
  keep_rows(features.vectors, items);
  features.items = all_of(items.size());
}

template <class T, int Rank>
Array<T, Rank> copy_of(const Array<T, Rank>& rows, const std::vector<std::int64_t>& chosen) {
  if (rows.data() == nullptr) return {};
  auto shape = rows.shape();
  const std::int64_t row_size = shape[0] > 0 ? rows.size() / shape[0] : 0;
  shape[0] = static_cast<std::int64_t>(chosen.size());
  Array<T, Rank> copy(shape);
  for (std::size_t k = 0; k < chosen.size(); ++k) {
    std::memcpy(copy.data() + static_cast<std::int64_t>(k) * row_size, rows.data() + chosen[k] * row_size,
                static_cast<std::size_t>(row_size) * sizeof(T));
  }
  return copy;
}

}  // namespace

Features select_rows(const Features& features, const std::vector<std::int64_t>& rows) {
  Features copy;
  copy.method = features.method;
  copy.bits = features.bits;
  copy.images = copy_of(features.images, rows);
  copy.colour_images = copy_of(features.colour_images, rows);
  copy.signatures = copy_of(features.signatures, rows);
  copy.vectors = copy_of(features.vectors, rows);
  const Ragged ragged = descriptors_of(features, rows);
  copy.codes = copy_of(features.codes, features.offsets.empty() ? rows : ragged.descriptors);
  copy.offsets = ragged.offsets;
  copy.items = all_of(rows.size());
  return copy;
}

Dataset select_items(Dataset dataset, const std::vector<std::int64_t>& items) {
  std::vector<std::string> ids;
  ids.reserve(items.size());
  for (const std::int64_t item : items) {
    ids.push_back(std::move(dataset.images.catalogue.ids[static_cast<std::size_t>(item)]));
  }
  dataset.images.catalogue.ids = std::move(ids);
  keep_rows(dataset.images.pixels, items);
  if (dataset.features) select_features(*dataset.features, items);
  return dataset;
}

}  // namespace simile
