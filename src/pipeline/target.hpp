// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "simile/image/catalogue.hpp"

namespace simile {

/// The absolute path of the result folder that `out` names, without a slash at the end; empty:
/// default_result_folder(input).
std::filesystem::path resolved_out(const std::filesystem::path& out, const std::filesystem::path& input);

/// A result inside its own input would be read as photos by the next run; an input inside the result that is replaced
/// would be deleted with it. Throws invalid_argument naming both.
void check_apart(const std::filesystem::path& out, const std::filesystem::path& input);

/// The same for what a list names, where there is something to replace.
void check_items_apart(const std::filesystem::path& out, const Catalogue& catalogue);

}  // namespace simile
