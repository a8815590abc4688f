// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "simile/core/context.hpp"

namespace simile::bench {

/// `name=value` parts of a command. Every getter throws invalid_argument naming the part and its value.
class Arguments {
 public:
  /// Parts are separated by tabs, so that paths may hold blanks.
  explicit Arguments(std::string_view parts);

  const std::string& text(const std::string& name) const;
  std::string text(const std::string& name, const std::string& otherwise) const;
  std::int64_t integer(const std::string& name, std::int64_t otherwise) const;
  double number(const std::string& name) const;

 private:
  std::map<std::string, std::string> parts_;
};

/// What one timed run did. `pairs` counts images where images are decoded.
struct Report {
  double seconds = 0;
  std::int64_t pairs = 0;
  std::int64_t pairs_skipped = 0;
  std::int64_t exact_evaluations = 0;
};

/// Something to be timed: its inputs are loaded and prepared by the constructor, outside the clock.
class Work {
 public:
  virtual ~Work() = default;
  /// Does the work once, from prepared inputs to its result.
  virtual Report run(const Context& context) = 0;
  /// The last run's result, little-endian without a header.
  virtual void write(std::ostream& out) const = 0;
};

/// Writes values as they lie in memory.
template <class T>
void write_values(std::ostream& out, const std::vector<T>& values) {
  out.write(reinterpret_cast<const char*>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(T)));
}

/// method (ssim, hash, embedding, euclidean, template, minhash, orb), window (ssim), file, items (only the first), bits
/// (hash), offsets (orb: file), sink:
/// - components: labels int64 [n] at `threshold`;
/// - unpruned: the same labels with every pruning by the threshold off;
/// - scores: exact similarities float64 of all pairs i < j, row by row;
/// - edges: int64 [m, 2], the pairs i < j from `threshold` on, row by row;
/// - histogram: int64 [4096], pairs by similarity from -1 to 1: every pair is scored, none by the bounds alone.
std::unique_ptr<Work> prepare_comparison(const Arguments& arguments);

/// file, query (both float32 [n, d]), k: ids int64 [q, k], then similarities float64 [q, k].
std::unique_ptr<Work> prepare_search(const Arguments& arguments);

/// file (int64 [m, 2]: edges), items: labels int64 [items].
std::unique_ptr<Work> prepare_connected(const Arguments& arguments);

/// list (one path a line), side, full (0 or 1: no reduced decoding): uint8 [n, side, side, 3]. Throws invalid_argument
/// in a build without images.
std::unique_ptr<Work> prepare_decoding(const Arguments& arguments);

}  // namespace simile::bench
