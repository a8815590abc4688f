// SPDX-License-Identifier: Apache-2.0
#include "simile/train/autoencoder.hpp"

#include <bit>
#include <cmath>

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

constexpr std::int64_t kMaxEpochs = 100'000;
constexpr std::int64_t kMaxBatch = 65'536;
constexpr double kMaxValidationShare = 0.5;

template <class Number>
[[noreturn]] void refuse(std::string_view flag, Number value, std::string_view allowed) {
  throw Error(ErrorCode::invalid_argument, concat(flag, " ", value, ": allowed are ", allowed));
}

}  // namespace

std::string_view to_string(AutoencoderLoss loss) {
  switch (loss) {
    case AutoencoderLoss::mse:
      return "mse";
    case AutoencoderLoss::l1:
      return "l1";
    case AutoencoderLoss::perceptual:
      return "perceptual";
  }
  return "";
}

AutoencoderLoss parse_autoencoder_loss(std::string_view text) {
  for (const auto loss : {AutoencoderLoss::mse, AutoencoderLoss::l1, AutoencoderLoss::perceptual}) {
    if (text == to_string(loss)) return loss;
  }
  throw Error(ErrorCode::invalid_argument,
              concat("--loss ", in_quotes(std::string(text)), ": allowed are mse, l1, perceptual"));
}

void AutoencoderOptions::validate() const {
  if (side_px < kMinAutoencoderSidePx || side_px > kMaxAutoencoderSidePx ||
      !std::has_single_bit(static_cast<std::uint64_t>(side_px))) {
    refuse("--size", side_px, "32, 64, 128, 256, 512, 1024");
  }
  if (epochs < 1 || epochs > kMaxEpochs) refuse("--epochs", epochs, concat("1 to ", kMaxEpochs));
  if (!(learning_rate > 0) || !std::isfinite(learning_rate)) refuse("--lr", learning_rate, "numbers above 0");
  if (batch_size < 1 || batch_size > kMaxBatch) refuse("--batch-size", batch_size, concat("1 to ", kMaxBatch));
  if (patience < 1 || patience > kMaxEpochs) refuse("--patience", patience, concat("1 to ", kMaxEpochs));
  if (!(validation_share >= 0 && validation_share <= kMaxValidationShare)) {
    refuse("--validation", validation_share, concat("0 to ", kMaxValidationShare));
  }
  if (precision == Precision::fp16) {  // would need its loss scaled, which bf16 does not
    refuse("--precision", to_string(precision), "fp32, bf16 for training");
  }
}

}  // namespace simile
