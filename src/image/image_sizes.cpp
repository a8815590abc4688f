// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "image/formats.hpp"
#include "image/memory_gate.hpp"

#include "simile/core/input_file.hpp"
#include "simile/image/image_set.hpp"

namespace simile {
namespace {

/// Of the whole file: where a format keeps its orientation is not known beforehand.
std::optional<PixelSize> upright_size(const std::filesystem::path& path, const DecodeLimits& limits, MemoryGate& gate) {
  const InputFile file(path);
  if (file.size_bytes() > std::min(limits.max_file_bytes, gate.budget_bytes())) return std::nullopt;
  MemoryGate::Lease lease(gate);
  lease.replace(file.size_bytes());
  const auto bytes = file.read();
  const auto header = read_image_header({bytes.data(), static_cast<std::size_t>(bytes.size())});
  check_limits(header, limits);
  PixelSize size{header.width_px, header.height_px};
  if (header.orientation >= 5) std::swap(size.width_px, size.height_px);
  return size;
}

}  // namespace

std::vector<std::optional<PixelSize>> image_sizes(const ImageSet& set, const DecodeLimits& limits,
                                                  const Context& context) {
  const auto count = set.catalogue.size();
  std::vector<std::optional<PixelSize>> sizes(static_cast<std::size_t>(count));
  if (set.in_memory()) {
    std::fill(sizes.begin(), sizes.end(), PixelSize{set.pixels.shape(2), set.pixels.shape(1)});
    return sizes;
  }
  MemoryGate gate(context.memory_bytes);
  ProgressPhase phase(context.progress, "measuring", count, "images");
  context.pool.parallel_for(count, context.cancellation, [&](int /*worker*/, std::int64_t item) {
    try {
      sizes[static_cast<std::size_t>(item)] = upright_size(set.catalogue.file(item), limits, gate);
    } catch (const Error& error) {
      if (error.code() == ErrorCode::internal || error.code() == ErrorCode::cancelled) throw;
    }
    context.progress.advance(1);
  });
  return sizes;
}

}  // namespace simile
