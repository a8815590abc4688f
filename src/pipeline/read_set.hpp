// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "simile/feature/extract.hpp"
#include "simile/similarity/make_metric.hpp"

namespace simile {

/// What a network that was chosen is for, where the set holds vectors already.
enum class NetworkFor : unsigned char { set, queries };

/// A set with the features of its readable items, whose rows are found by name.
class ReadSet {
 public:
  /// Opens and reads the set, a set of vectors without the network if that is for queries. Throws as open_nonempty(),
  /// checked_method() and extract_nonempty().
  ReadSet(const std::filesystem::path& input, const ListingOptions& listing, const FeatureOptions& features,
          const MetricOptions& metric, const Context& context, NetworkFor network_for = NetworkFor::set);
  ReadSet(const ReadSet&) = delete;
  ReadSet& operator=(const ReadSet&) = delete;

  const Dataset& dataset() const { return dataset_; }
  const Features& features() const { return extraction_.features; }
  const std::vector<ItemError>& errors() const { return extraction_.errors; }
  /// With the method that was chosen.
  const FeatureOptions& options() const { return options_; }

  std::int64_t item(std::int64_t row) const { return features().items[static_cast<std::size_t>(row)]; }
  const std::string& id(std::int64_t row) const {
    return dataset_.catalogue().ids[static_cast<std::size_t>(item(row))];
  }
  /// The row that `name` means: an id, or a path to the same file.
  std::optional<std::int64_t> find_row(const std::string& name) const;
  /// Throws decode, beginning with `flag`, when `name` is an item that could not be read, and says why.
  void check_readable(std::string_view flag, const std::string& name) const;

 private:
  Dataset dataset_;
  FeatureOptions options_;
  Extraction extraction_;
  std::map<std::string_view, std::int64_t> row_of_;
};

}  // namespace simile
