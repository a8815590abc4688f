// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <concepts>
#include <string>
#include <string_view>

namespace simile {

/// Shortest decimal form that reads back as the same double ("0.8", "1e-07", "-inf", "nan").
std::string format_double(double value);

namespace detail {
inline void append_text(std::string& out, std::string_view text) { out += text; }
inline void append_text(std::string& out, char character) { out += character; }
inline void append_text(std::string& out, std::floating_point auto value) {
  out += format_double(static_cast<double>(value));
}
inline void append_text(std::string& out, std::integral auto value) { out += std::to_string(value); }
}  // namespace detail

/// Joins strings, characters and numbers into one string; numbers as format_double() and std::to_string() write them.
template <class... Parts>
std::string concat(const Parts&... parts) {
  std::string out;
  (detail::append_text(out, parts), ...);
  return out;
}

/// Splits at `separator`; an empty text gives one empty part.
// (No trimming: paths may begin or end with blanks.)
template <class Visit>
void for_each_part(std::string_view text, char separator, Visit&& visit) {
  for (;;) {
    const auto end = text.find(separator);
    visit(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

/// Bytes of the UTF-8 character at the start of `text` (RFC 3629); 0 when it does not start with a valid one.
std::size_t utf8_length(std::string_view text);

/// `text` as it may stand in JSON or HTML: bytes that are not valid UTF-8 are percent-encoded (docs/definitions.md).
std::string to_valid_utf8(std::string_view text);

/// `text` for a message on a terminal: quoted, control characters and invalid UTF-8 escaped.
std::string in_quotes(std::string_view text);

}  // namespace simile
