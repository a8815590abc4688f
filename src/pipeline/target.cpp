// SPDX-License-Identifier: Apache-2.0
#include "pipeline/target.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;

bool is_inside(const fs::path& path, const fs::path& folder) {
  const auto relative = fs::weakly_canonical(path).lexically_relative(fs::weakly_canonical(folder));
  return !relative.empty() && *relative.begin() != "..";
}

}  // namespace

fs::path beside(const fs::path& input, std::string_view suffix) {
  fs::path resolved = fs::weakly_canonical(fs::absolute(input));
  if (!resolved.has_filename()) resolved = resolved.parent_path();
  return resolved.parent_path() / concat(resolved.filename().native(), suffix);
}

fs::path resolved_out(const fs::path& out, const fs::path& input, std::string_view suffix) {
  const fs::path absolute = fs::absolute(out.empty() ? beside(input, suffix) : out).lexically_normal();
  return absolute.has_filename() ? absolute : absolute.parent_path();  // without a slash at the end
}

void check_apart(const fs::path& out, const fs::path& input) {
  if (fs::is_directory(input) && is_inside(out, input)) {
    throw Error(ErrorCode::invalid_argument, concat("--out ", in_quotes(out.native()), " lies inside the input ",
                                                    in_quotes(input.native()), "; choose a folder outside"));
  }
  if (is_inside(input, out)) {
    throw Error(ErrorCode::invalid_argument, concat("the input ", in_quotes(input.native()), " lies inside --out ",
                                                    in_quotes(out.native()), ", which would be replaced"));
  }
}

void check_items_apart(const fs::path& out, const Catalogue& catalogue) {
  if (!catalogue.has_files || !fs::exists(out)) return;
  const fs::path replaced = fs::weakly_canonical(out);
  for (std::int64_t item = 0; item < catalogue.size(); ++item) {
    if (is_inside(catalogue.file(item), replaced)) {
      throw Error(ErrorCode::invalid_argument,
                  concat("the item ", in_quotes(catalogue.file(item).native()), " lies inside --out ",
                         in_quotes(out.native()), ", which would be replaced"));
    }
  }
}

}  // namespace simile
