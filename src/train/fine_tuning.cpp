// SPDX-License-Identifier: Apache-2.0
#include "simile/train/fine_tuning.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {

void FineTuningOptions::validate() const {
  const auto check = [](bool good, std::string_view flag, const auto& value, std::string_view allowed) {
    if (!good) throw Error(ErrorCode::invalid_argument, concat(flag, " ", value, ": allowed are ", allowed));
  };
  check(stages >= 0 && stages <= 1000, "--stages", stages, "all, 1 to 1000");
  check(epochs >= 1 && epochs <= 100'000, "--epochs", epochs, "1 to 100000");
  check(batch_size >= 1 && batch_size <= 65'536, "--batch-size", batch_size, "1 to 65536");
  check(learning_rate > 0 && learning_rate <= 1, "--lr", learning_rate, "numbers above 0, up to 1");
}

}  // namespace simile
