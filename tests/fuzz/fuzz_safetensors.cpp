// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>

#include "check.hpp"

#include "simile/core/error.hpp"
#include "simile/model/safetensors.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto file_bytes = static_cast<std::int64_t>(size);
    const auto header = simile::parse_safetensors_header({data, size}, file_bytes);
    std::int64_t data_bytes = 0;
    for (const auto& tensor : header.tensors) {
      simile::check(tensor.offset >= 8 && tensor.size_bytes >= 0);
      simile::check(tensor.offset + tensor.size_bytes <= file_bytes);
      std::int64_t bytes = simile::element_bytes(tensor.type);
      const bool empty = std::find(tensor.shape.begin(), tensor.shape.end(), 0) != tensor.shape.end();
      for (const auto extent : tensor.shape) {
        simile::check(extent >= 0);
        if (!empty) simile::check(!__builtin_mul_overflow(bytes, extent, &bytes));
      }
      simile::check((empty ? 0 : bytes) == tensor.size_bytes);
      data_bytes += tensor.size_bytes;
    }
    for (std::size_t k = 1; k < header.tensors.size(); ++k) {
      simile::check(header.tensors[k - 1].name < header.tensors[k].name);
    }
    simile::check(data_bytes <= file_bytes - 8);
  } catch (const simile::Error& error) {
    simile::check(error.code() == simile::ErrorCode::decode);
  }
  return 0;
}
