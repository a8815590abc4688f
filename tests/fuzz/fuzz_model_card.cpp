// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <string_view>

#include "check.hpp"

#include "simile/core/error.hpp"
#include "simile/model/model_card.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto card = simile::parse_model_card({reinterpret_cast<const char*>(data), size});
    simile::check(simile::parse_model_card(simile::to_json(card)) == card);
  } catch (const simile::Error& error) {
    simile::check(error.code() == simile::ErrorCode::model);
  }
  return 0;
}
