// SPDX-License-Identifier: Apache-2.0
#include "simile/core/text.hpp"

#include <array>
#include <cmath>

namespace simile {
namespace {

constexpr std::string_view kHexDigits = "0123456789ABCDEF";

void append_hex(std::string& out, char character) {
  const auto value = static_cast<unsigned char>(character);
  out += kHexDigits[value >> 4];
  out += kHexDigits[value & 15];
}

}  // namespace

std::string format_double(double value) {
  if (std::isnan(value)) return "nan";
  std::array<char, 32> buffer{};
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return {buffer.data(), result.ptr};
}

std::size_t utf8_length(std::string_view text) {
  const auto continues = [&](std::size_t k, unsigned low, unsigned high) {
    return k < text.size() && static_cast<unsigned char>(text[k]) >= low && static_cast<unsigned char>(text[k]) <= high;
  };
  if (text.empty()) return 0;
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return continues(1, 0x80, 0xBF) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const unsigned low = lead == 0xE0 ? 0xA0 : 0x80;   // the shortest form only
    const unsigned high = lead == 0xED ? 0x9F : 0xBF;  // no surrogates
    return continues(1, low, high) && continues(2, 0x80, 0xBF) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const unsigned low = lead == 0xF0 ? 0x90 : 0x80;
    const unsigned high = lead == 0xF4 ? 0x8F : 0xBF;  // at most U+10FFFF
    return continues(1, low, high) && continues(2, 0x80, 0xBF) && continues(3, 0x80, 0xBF) ? 4 : 0;
  }
  return 0;
}

std::string to_valid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) {
      out += '%';
      append_hex(out, text[0]);
      text.remove_prefix(1);
    } else {
      out += text.substr(0, length);
      text.remove_prefix(length);
    }
  }
  return out;
}

std::string in_quotes(std::string_view text) {
  std::string out = "'";
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const auto value = static_cast<unsigned char>(text[0]);
    // U+0080 to U+009F are control characters, too: U+009B is what ESC [ begins on many terminals.
    const bool c1_control = value == 0xC2 && length == 2 && static_cast<unsigned char>(text[1]) < 0xA0;
    if (length == 0 || value < 0x20 || value == 0x7F || c1_control) {
      for (std::size_t escaped = c1_control ? 2 : 1; escaped > 0; --escaped) {
        out += "\\x";
        append_hex(out, text[0]);
        text.remove_prefix(1);
      }
    } else {
      out += text.substr(0, length);
      text.remove_prefix(length);
    }
  }
  out += '\'';
  return out;
}

}  // namespace simile
