// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace simile::report {

/// The start of a self-contained page up to its opened <body>: style and script are inside, and its content security
/// policy lets nothing else in. `title` is text, not HTML.
std::string page_head(std::string_view title, std::string_view css, std::string_view script);

}  // namespace simile::report
