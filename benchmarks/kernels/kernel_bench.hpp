// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include <benchmark/benchmark.h>

#include "simile/similarity/metric.hpp"

namespace simile {

/// Threads of every case: SIMILE_BENCH_THREADS, or 2.
int bench_threads();

/// Where cases run: SIMILE_BENCH_DEVICE as --device takes it, or the CPU. Throws invalid_argument when it is not there.
Device bench_device();

/// "cpu" or "cuda", for the names of cases.
std::string bench_place();

/// Times Components over the upper triangle. First compares exact evaluations, screens and the labels of a sample of
/// the items with `oracle`, and on another device the labels of all items with the CPU's; a mismatch ends the case with
/// an error. Counters: pairs/s, bytes/s (each pair reads two
/// items of `item_bytes`), pairs evaluated exactly and pairs skipped, as shares.
void run_components(benchmark::State& state, const Metric& metric, double threshold, std::int64_t item_bytes,
                    const std::function<double(std::int64_t, std::int64_t)>& oracle);

// One function per file that adds its cases.
void register_ssim();
void register_cosine();
void register_euclidean();
void register_search();
void register_template();
void register_hamming();
void register_minhash();
void register_orb();
void register_sinks();

}  // namespace simile
