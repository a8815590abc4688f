// SPDX-License-Identifier: Apache-2.0
#include "pipeline/read_set.hpp"

#include <system_error>

#include "pipeline/open.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {

namespace fs = std::filesystem;

ReadSet::ReadSet(const fs::path& input, const ListingOptions& listing, const FeatureOptions& features,
                 const MetricOptions& metric, const Context& context, NetworkFor network_for)
    : dataset_(open_nonempty(input, listing, context)), options_(features) {
  const bool has_vectors = dataset_.features && dataset_.features->method == Method::embedding;
  if (has_vectors && network_for == NetworkFor::queries) options_.network = {};
  options_.method = checked_method(dataset_, options_, metric);
  extraction_ = extract_nonempty(dataset_, options_, context);
  for (std::int64_t row = 0; row < extraction_.features.num_rows(); ++row) row_of_.emplace(id(row), row);
}

std::optional<std::int64_t> ReadSet::find_row(const std::string& name) const {
  auto found = row_of_.find(name);
  const Catalogue& catalogue = dataset_.catalogue();
  std::error_code missing;
  if (found == row_of_.end() && catalogue.has_files && fs::is_regular_file(name, missing)) {
    const fs::path relative = fs::weakly_canonical(name).lexically_relative(fs::weakly_canonical(catalogue.root));
    found = row_of_.find(relative.native());
  }
  return found == row_of_.end() ? std::nullopt : std::optional(found->second);
}

void ReadSet::check_readable(std::string_view flag, const std::string& name) const {
  for (const auto& [item, reason] : extraction_.errors) {
    if (dataset_.catalogue().ids[static_cast<std::size_t>(item)] == name) {
      throw Error(ErrorCode::decode, concat(flag, " ", in_quotes(name), ": ", reason));
    }
  }
}

}  // namespace simile
