// SPDX-License-Identifier: Apache-2.0
#include "simile/train/probe_curvature.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "train/gram.hpp"

#include "simile/core/atomic_file.hpp"
#include "simile/core/error.hpp"
#include "simile/core/state_file.hpp"

namespace simile {
namespace {

constexpr const char* kName = "curvature.state";
constexpr const char* kKind = "curvature of a linear probe";

using Two = std::array<float, 2>;  // state files are made of words of 8 bytes

std::int64_t factor_size(std::int64_t dimensions) { return CholeskyFactor::packed_size(row_stride(dimensions)); }

}  // namespace

bool ProbeCurvature::is_whole() const {
  if (dimensions < 1 || std::ssize(factor) != factor_size(dimensions)) return false;
  if (!std::all_of(factor.begin(), factor.end(), [](float value) { return std::isfinite(value); })) return false;
  for (std::int64_t i = 1; i <= row_stride(dimensions); ++i) {
    if (!(factor[static_cast<std::size_t>(CholeskyFactor::packed_size(i) - 1)] > 0)) return false;
  }
  return true;
}

void write_curvature(const std::filesystem::path& folder, const ProbeCurvature& curvature) {
  AtomicFile file(folder / kName);
  StateWriter out(kKind, [&](std::string_view bytes) { file.write(bytes); });
  out.integer(curvature.dimensions);
  out.integer(curvature.labels);
  out.number(curvature.c);
  static_assert(kRowStep % 4 == 0, "an even number of values");
  out.array(std::span(reinterpret_cast<const Two*>(curvature.factor.data()), curvature.factor.size() / 2));
  out.finish();
  file.commit();
}

std::shared_ptr<const ProbeCurvature> read_curvature(const std::filesystem::path& folder) {
  try {
    const InputFile file(folder / kName);
    const std::int64_t most = 4 * factor_size(kMaxCurvatureDimensions) + 4096;
    if (file.size_bytes() > most) return nullptr;
    const Array<std::uint8_t, 1> bytes = file.read();
    StateReader in(kKind, std::span(bytes.data(), static_cast<std::size_t>(bytes.size())));
    auto curvature = std::make_shared<ProbeCurvature>();
    curvature->dimensions = in.integer("the number of dimensions", 1, kMaxCurvatureDimensions);
    curvature->labels = in.integer();
    curvature->c = in.number();
    curvature->factor.resize(static_cast<std::size_t>(factor_size(curvature->dimensions)));
    if (2 * in.count(sizeof(Two)) != std::ssize(curvature->factor)) return nullptr;
    in.elements(std::span(reinterpret_cast<Two*>(curvature->factor.data()), curvature->factor.size() / 2));
    in.finish();
    return curvature;
  } catch (const Error& error) {
    if (error.code() == ErrorCode::out_of_memory) throw;
    return nullptr;
  }
}

}  // namespace simile
