// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string_view>

#include "simile/image/catalogue.hpp"

namespace simile {

/// Beside the resolved input: `photos` and "_threshold" give `photos_threshold`.
std::filesystem::path beside(const std::filesystem::path& input, std::string_view suffix);

/// The absolute path of the result folder that `out` names, without a slash at the end; empty: beside(input, suffix).
std::filesystem::path resolved_out(const std::filesystem::path& out, const std::filesystem::path& input,
                                   std::string_view suffix);

/// A result inside its own input would be read as photos by the next run; an input inside the result that is replaced
/// would be deleted with it. Throws invalid_argument naming both.
void check_apart(const std::filesystem::path& out, const std::filesystem::path& input);

/// The same for what a list names, where there is something to replace.
void check_items_apart(const std::filesystem::path& out, const Catalogue& catalogue);

}  // namespace simile
