// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace simile::report {

/// RFC 4648, with padding.
std::string base64(std::string_view bytes);

/// `text` as a reader sees it: bytes that are not UTF-8, control characters and characters that reverse the reading
/// direction are percent-encoded.
std::string readable(std::string_view text);

/// readable(), at most `limit` characters, the middle replaced by an ellipsis.
std::string shortened(std::string_view text, std::size_t limit);

/// `text` (valid UTF-8) for HTML content and quoted attributes.
std::string escape_html(std::string_view text);

/// Every byte percent-encoded except RFC 3986's unreserved characters and '/'.
std::string percent_encode(std::string_view path);

/// A quoted JSON string that can stand in a <script>. Invalid bytes become lone surrogates U+DC80...U+DCFF, so that the
/// page can still link to exactly these bytes.
std::string json_string(std::string_view text);

/// `prefix` when it is a URL that may stand before a path (relative, file, http or https); else empty: no links.
std::string safe_link_prefix(std::string_view prefix);

/// URL of an original: the id, percent-encoded, behind the prefix; an absolute path stands for itself.
std::string link_to(std::string_view prefix, std::string_view id);

/// `share` of 1 as "93%": 0% and 100% are said of nothing and everything only.
std::string percent(double share);

/// A similarity with `digits` decimals; below 1 it is never written as 1.
std::string similarity_text(double similarity, int digits);

/// Last part of a path.
std::string_view file_name(std::string_view path);

}  // namespace simile::report
