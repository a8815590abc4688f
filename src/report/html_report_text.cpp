// SPDX-License-Identifier: Apache-2.0
#include "report/html_report_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "simile/core/text.hpp"
#include "simile/core/units.hpp"

namespace simile::report {
namespace {

constexpr std::string_view kHex = "0123456789ABCDEF";

unsigned byte_at(std::string_view text, std::size_t position) { return static_cast<unsigned char>(text[position]); }

void append_percent(std::string& out, unsigned byte) {
  out += '%';
  out += kHex[byte >> 4];
  out += kHex[byte & 15];
}

void append_json_unit(std::string& out, unsigned unit) {
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kHex[(unit >> shift) & 15];
}

bool is_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

// U+202A...U+202E and U+2066...U+2069, which can make "exe.jpg" of "gpj.exe".
bool is_direction_control(std::string_view character) {
  return (character >= "\u202A" && character <= "\u202E") || (character >= "\u2066" && character <= "\u2069");
}

}  // namespace

std::string base64(std::string_view bytes) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  std::size_t at = 0;
  for (; at + 3 <= bytes.size(); at += 3) {
    const unsigned word = byte_at(bytes, at) << 16 | byte_at(bytes, at + 1) << 8 | byte_at(bytes, at + 2);
    for (int shift = 18; shift >= 0; shift -= 6) out += kAlphabet[(word >> shift) & 63];
  }
  if (const std::size_t left = bytes.size() - at; left > 0) {
    const unsigned word = byte_at(bytes, at) << 16 | (left == 2 ? byte_at(bytes, at + 1) << 8 : 0);
    out += kAlphabet[word >> 18];
    out += kAlphabet[(word >> 12) & 63];
    out += left == 2 ? kAlphabet[(word >> 6) & 63] : '=';
    out += '=';
  }
  return out;
}

std::string readable(std::string_view text) {
  const std::string valid = to_valid_utf8(text);
  std::string out;
  out.reserve(valid.size());
  for (std::string_view left = valid; !left.empty();) {
    const std::size_t length = std::max<std::size_t>(utf8_length(left), 1);
    const unsigned byte = byte_at(left, 0);
    if (byte < 0x20 || byte == 0x7F || is_direction_control(left.substr(0, length))) {
      for (std::size_t i = 0; i < length; ++i) append_percent(out, byte_at(left, i));
    } else {
      out += left.substr(0, length);
    }
    left.remove_prefix(length);
  }
  return out;
}

std::string shortened(std::string_view text, std::size_t limit) {
  std::string out = readable(text);
  const auto is_start = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
  const auto characters = static_cast<std::size_t>(std::count_if(out.begin(), out.end(), is_start));
  if (characters <= limit) return out;
  const std::size_t head = limit / 2;
  const std::size_t tail = characters - (limit - head - 1);  // first character kept of the end
  std::size_t character = 0;
  std::string kept;
  for (const char c : out) {
    if (is_start(c)) {
      if (character == head) kept += "\u2026";
      ++character;
    }
    if (character <= head || character > tail) kept += c;
  }
  return kept;
}

std::string escape_html(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string percent_encode(std::string_view path) {
  std::string out;
  out.reserve(path.size());
  for (const char c : path) {
    if (is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~' || c == '/') {
      out += c;
    } else {
      append_percent(out, static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::string json_string(std::string_view text) {
  std::string out = "\"";
  out.reserve(text.size() + 2);
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const unsigned byte = byte_at(text, 0);
    if (length == 0) {
      append_json_unit(out, 0xDC00 + byte);
    } else if (byte < 0x20 || byte == 0x7F || byte == '<') {
      append_json_unit(out, byte);
    } else {
      if (byte == '"' || byte == '\\') out += '\\';
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out += '"';
}

std::string safe_link_prefix(std::string_view prefix) {
  // Browsers drop blanks and control characters inside a scheme ("java\nscript:"), so none may be there at all.
  const auto in_url = [](char c) {
    return c > ' ' && c < '\x7F' && std::string_view("\"'<>\\`{}|^").find(c) == std::string_view::npos;
  };
  if (!std::all_of(prefix.begin(), prefix.end(), in_url)) return {};
  const bool absolute =
      prefix.starts_with("file://") || prefix.starts_with("http://") || prefix.starts_with("https://");
  const bool relative = prefix.find(':') == std::string_view::npos || prefix.find('/') < prefix.find(':');
  return absolute || relative ? std::string(prefix) : std::string();
}

std::string link_to(std::string_view prefix, std::string_view id) {
  return concat(id.starts_with('/') ? "file://" : prefix, percent_encode(id));
}

std::string percent(double share) {
  const auto rounded = static_cast<std::int64_t>(std::lround(std::clamp(share, 0.0, 1.0) * 100));
  if (rounded == 100 && share < 1) return "99%";
  if (rounded == 0 && share > 0) return "1%";
  return concat(rounded, '%');
}

std::string similarity_text(double similarity, int digits) {
  if (!std::isfinite(similarity)) return "\u2013";
  if (similarity == 1) return "1";
  if (std::abs(similarity) >= 1e15) return format_double(similarity);
  std::array<char, 64> text{};
  const auto end = std::to_chars(text.begin(), text.end(), similarity, std::chars_format::fixed, digits).ptr;
  std::string out(text.begin(), end);
  if (similarity < 1 && out.starts_with("1.")) return concat("0.", std::string(static_cast<std::size_t>(digits), '9'));
  return out;
}

std::string_view file_name(std::string_view path) {
  const auto slash = path.find_last_of('/');
  return slash == std::string_view::npos || slash + 1 == path.size() ? path : path.substr(slash + 1);
}

}  // namespace simile::report
