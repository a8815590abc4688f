// SPDX-License-Identifier: Apache-2.0
#include "simile/model/network.hpp"

#include "model/learn_library.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {

std::string_view to_string(Precision precision) {
  switch (precision) {
    case Precision::fp32:
      return "fp32";
    case Precision::bf16:
      return "bf16";
    case Precision::fp16:
      return "fp16";
  }
  return "";
}

Precision parse_precision(std::string_view text) {
  for (const auto precision : {Precision::fp32, Precision::bf16, Precision::fp16}) {
    if (text == to_string(precision)) return precision;
  }
  throw Error(ErrorCode::invalid_argument,
              concat("--precision ", in_quotes(std::string(text)), ": allowed are fp32, bf16, fp16"));
}

const NetworkBackend& network_backend(const Device& device) {
  return *static_cast<const NetworkBackend*>(learn_part("network_backend", device));
}

}  // namespace simile
