// SPDX-License-Identifier: Apache-2.0
// Hashes of real photos, from the file's bytes, against ImageHash's. Catches what no generated image shows: an unheeded
// EXIF orientation, grey taken from the JPEG's Y plane or after resizing, reduced decoding.
#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/reference_data.hpp"

#include "simile/core/atomic_file.hpp"
#include "simile/core/cancellation.hpp"
#include "simile/core/csv.hpp"
#include "simile/core/text.hpp"
#include "simile/core/thread_pool.hpp"
#include "simile/feature/perceptual_hash.hpp"
#include "simile/image/decode.hpp"
#include "simile/image/resize.hpp"

namespace simile {
namespace {

/// A column of the table and how far each photo's hash is from it; -1 where the table has none.
struct HashColumn {
  HashKind kind;
  int hash_size;
  std::size_t position;
  std::vector<std::int64_t> distances;

  std::string name() const { return concat(to_string(kind), hash_size); }
  /// docs/definitions.md: 2 bits at 8 and 16, 1% of the bits at 32 and 64.
  std::int64_t tolerance() const { return hash_size <= 16 ? 2 : hash_bits(hash_size) / 100; }
};

std::vector<HashColumn> hash_columns(const CsvTable& table) {
  std::vector<HashColumn> columns;
  for (const auto kind : {HashKind::ahash, HashKind::dhash, HashKind::phash}) {
    for (const int hash_size : {8, 16, 32, 64}) {
      columns.push_back({kind, hash_size, 0, std::vector<std::int64_t>(table.rows.size(), -1)});
      columns.back().position = table.column(columns.back().name());
    }
  }
  return columns;
}

Array<std::uint8_t, 2> read_grey(const std::filesystem::path& path) {
  const DecodeOptions options;
  const auto bytes = read_file(path, options.limits.max_file_bytes);
  const auto image = decode_image({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, options);
  return to_grey(image.view());
}

std::int64_t differing_bits(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) {
  std::int64_t count = 0;
  for (std::size_t k = 0; k < a.size(); ++k) count += std::popcount(static_cast<unsigned>(a[k] ^ b[k]));
  return count;
}

TEST(PhotoHash, AgreesWithImageHash) {
  const char* photos = std::getenv("SIMILE_TEST_PHOTOS");
  if (photos == nullptr) {
    GTEST_SKIP() << "NOT TESTED on photos: set SIMILE_TEST_PHOTOS to the folder of clothing-dataset-small that holds "
                    "train/, validation/ and test/";
  }
  const auto table = read_csv(std::filesystem::path(SIMILE_TEST_DATA) / "clothing_hashes.csv");
  const auto path_column = table.column("path");
  auto columns = hash_columns(table);

  ThreadPool pool(ThreadPool::hardware_threads());
  pool.parallel_for(static_cast<std::int64_t>(table.rows.size()), Cancellation(), [&](int, std::int64_t item) {
    const auto& row = table.rows[static_cast<std::size_t>(item)];
    const auto grey = read_grey(std::filesystem::path(photos) / row[path_column]);
    for (auto& column : columns) {
      if (row[column.position].empty()) continue;
      const auto expected = parse_hex(row[column.position]);
      const auto hash = perceptual_hash(grey.view(), column.kind, column.hash_size);
      column.distances[static_cast<std::size_t>(item)] = differing_bits(hash, expected);
    }
  });

  for (auto& column : columns) {
    std::erase(column.distances, -1);
    const auto total = static_cast<double>(column.distances.size());
    const auto share_within = [&](std::int64_t bits) {
      return static_cast<double>(std::ranges::count_if(column.distances, [&](auto d) { return d <= bits; })) / total;
    };
    std::cout << concat(column.name(), ": ", column.distances.size(), " photos, equal ", share_within(0), ", within ",
                        column.tolerance(), " bits ", share_within(column.tolerance()), ", largest ",
                        std::ranges::max(column.distances), "\n");
    EXPECT_GE(share_within(column.tolerance()), 0.99) << column.name();
  }
}

}  // namespace
}  // namespace simile
