// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "simile/core/context.hpp"
#include "simile/similarity/sink.hpp"

namespace simile {

/// Exact similarities of the pairs whose intervals are open, in pieces that all workers share; exact_of(worker) is its
/// Exact.
template <class ExactOf>
void evaluate(std::span<ScoredPair> pairs, const Context& context, ExactOf&& exact_of) {
  constexpr std::int64_t kPiece = 1024;
  const auto size = static_cast<std::int64_t>(pairs.size());
  context.pool.parallel_for((size + kPiece - 1) / kPiece, context.cancellation, [&](int worker, std::int64_t piece) {
    Exact& exact = exact_of(static_cast<std::size_t>(worker));
    const std::int64_t end = std::min((piece + 1) * kPiece, size);
    for (std::int64_t k = piece * kPiece; k < end; ++k) {
      ScoredPair& pair = pairs[static_cast<std::size_t>(k)];
      pair.low = pair.high = exact(pair);
    }
  });
}

}  // namespace simile
