// SPDX-License-Identifier: Apache-2.0
#include "simile/feature/select_items.hpp"

#include <cstring>
#include <utility>

#include "simile/core/error.hpp"

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

[[noreturn]] void throw_other_features() {
  throw Error(ErrorCode::invalid_argument, "features of other shapes cannot be joined");
}

/// One of the arrays of all parts; empty where it is in use in none.
template <class T, int Rank>
Array<T, Rank> joined(const std::vector<Features>& parts, Array<T, Rank> Features::* member) {
  std::int64_t count = 0;
  const Array<T, Rank>* first = nullptr;
  for (const auto& part : parts) {
    const auto& rows = part.*member;
    if (rows.data() == nullptr) continue;
    if (first == nullptr) first = &rows;
    auto shape = rows.shape();
    shape[0] = first->shape(0);
    if (shape != first->shape()) throw_other_features();
    count += rows.shape(0);
  }
  if (first == nullptr) return {};
  auto shape = first->shape();
  shape[0] = count;
  Array<T, Rank> all(shape);
  T* end = all.data();
  for (const auto& part : parts) {
    const auto& rows = part.*member;
    if (rows.size() == 0) continue;
    std::memcpy(end, rows.data(), static_cast<std::size_t>(rows.size_bytes()));
    end += rows.size();
  }
  return all;
}

}  // namespace

Features join_rows(const std::vector<Features>& parts) {
  ensure(!parts.empty(), "no features to join");
  Features all;
  all.method = parts.front().method;
  all.bits = parts.front().bits;
  std::int64_t num_rows = 0;
  for (const auto& part : parts) {
    if (part.method != all.method || part.bits != all.bits) throw_other_features();
    num_rows += part.num_rows();
    if (part.offsets.empty()) continue;
    if (all.offsets.empty()) all.offsets.push_back(0);
    const std::int64_t begin = all.offsets.back();
    for (std::size_t k = 1; k < part.offsets.size(); ++k) all.offsets.push_back(begin + part.offsets[k]);
  }
  all.images = joined(parts, &Features::images);
  all.colour_images = joined(parts, &Features::colour_images);
  all.codes = joined(parts, &Features::codes);
  all.signatures = joined(parts, &Features::signatures);
  all.vectors = joined(parts, &Features::vectors);
  all.items = all_of(static_cast<std::size_t>(num_rows));
  return all;
}

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
