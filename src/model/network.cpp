// SPDX-License-Identifier: Apache-2.0
#include "simile/model/network.hpp"

#include <charconv>
#include <system_error>

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

bool has_networks() { return has_learn_library(); }

Device resolve_network_device(std::string_view text) {
  if (text == "cpu") return {};
  const auto refuse = [&](const std::string& why) {
    throw Error(ErrorCode::invalid_argument, concat("device ", in_quotes(std::string(text)), ": ", why));
  };
  int index = 0;
  if (text.starts_with("cuda:")) {
    const auto digits = text.substr(5);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
    if (error != std::errc() || end != digits.data() + digits.size() || index < 0)
      refuse("allowed are auto, cpu, cuda and cuda:N");
  } else if (text != "auto" && text != "cuda") {
    refuse("allowed are auto, cpu, cuda and cuda:N");
  }
  std::string problem;
  const int num_gpus = num_network_gpus(problem);
  if (index < num_gpus) return {Device::Kind::cuda, index};
  if (text != "auto") refuse(num_gpus == 0 ? problem : concat("GPUs here are cuda:0 to cuda:", num_gpus - 1));
  return {};
}

const NetworkBackend& network_backend(const Device& device) {
  return *static_cast<const NetworkBackend*>(learn_part("network_backend", device));
}

}  // namespace simile
