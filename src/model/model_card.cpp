// SPDX-License-Identifier: Apache-2.0
#include "simile/model/model_card.hpp"

#include <algorithm>
#include <cmath>

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

constexpr std::int64_t kMaxSide = 4096;
constexpr std::int64_t kMaxDimensions = 1 << 20;
constexpr std::size_t kMaxName = 100;
constexpr std::size_t kMaxText = 10'000;
constexpr double kMaxStatistic = 1000;

[[noreturn]] void refuse(std::string_view field, std::string_view value, std::string_view allowed) {
  throw Error(ErrorCode::model, concat(field, " ", value, ": allowed are ", allowed));
}

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

void check_name(std::string_view field, const std::string& name) {
  const auto is_part = [](char c) { return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-'; };
  if (name.empty() || name.size() > kMaxName || !is_letter_or_digit(name[0]) ||
      !std::all_of(name.begin(), name.end(), is_part)) {
    refuse(field, in_quotes(name), "up to 100 letters, digits, '.', '_' and '-', the first a letter or a digit");
  }
}

void check_number(std::string_view field, std::int64_t value, std::int64_t min, std::int64_t max) {
  if (value < min || value > max) refuse(field, std::to_string(value), concat("whole numbers from ", min, " to ", max));
}

void check_text(std::string_view field, const std::string& text) {
  if (text.size() > kMaxText || to_valid_utf8(text) != text) {
    refuse(field, in_quotes(text.substr(0, 50)), concat("up to ", kMaxText, " bytes of UTF-8"));
  }
}

void check_weights(const ModelCard& card) {
  check_text("weights.file", card.weights);
  const std::filesystem::path file(card.weights);
  const bool leaves = std::find(file.begin(), file.end(), "..") != file.end();
  if (file.is_absolute() || leaves || (!card.weights.empty() && file.filename().empty())) {
    refuse("weights.file", in_quotes(card.weights), "paths below the card's folder");
  }
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  if (!card.sha256.empty() &&
      (card.sha256.size() != 64 || !std::all_of(card.sha256.begin(), card.sha256.end(), is_digit))) {
    refuse("weights.sha256", in_quotes(card.sha256.substr(0, kMaxName)), "64 hexadecimal digits in lower case");
  }
}

}  // namespace

std::string card_name(std::string_view text) {
  std::string name(text.substr(0, kMaxName));
  for (char& c : name) {
    if (!is_letter_or_digit(c) && c != '.' && c != '-') c = '_';
  }
  const bool begins_well = !name.empty() && is_letter_or_digit(name.front());
  return begins_well ? name : concat("a", name.substr(0, kMaxName - 1));
}

void validate(const ModelCard& card) {
  check_name("name", card.name);
  check_name("architecture", card.architecture);
  check_number("input.width_px", card.width_px, 1, kMaxSide);
  check_number("input.height_px", card.height_px, 1, kMaxSide);
  if (card.fit == InputFit::crop) {
    check_number("input.shorter_side_px", card.shorter_side_px, std::max(card.width_px, card.height_px), 2 * kMaxSide);
  } else {
    check_number("input.shorter_side_px of fit 'stretch'", card.shorter_side_px, 0, 0);
  }
  for (std::size_t k = 0; k < 3; ++k) {
    const double mean = card.mean[k];
    const double deviation = card.deviation[k];
    if (!(std::abs(mean) <= kMaxStatistic)) refuse("input.mean", format_double(mean), "numbers from -1000 to 1000");
    if (!(deviation > 1e-6 && deviation <= kMaxStatistic)) {
      refuse("input.std", format_double(deviation), "numbers from 0.000001 to 1000");
    }
  }
  if (!card.layer.empty()) check_name("embedding.layer", card.layer);
  check_number("embedding.dimensions", card.dimensions, 1, kMaxDimensions);
  check_text("licence", card.licence);
  check_text("source", card.source);
  check_weights(card);
}

const ModelCard* find_built_in_card(std::string_view name) {
  const auto& cards = built_in_cards();
  const auto found = std::find_if(cards.begin(), cards.end(), [&](const ModelCard& card) { return card.name == name; });
  return found == cards.end() ? nullptr : &*found;
}

}  // namespace simile
