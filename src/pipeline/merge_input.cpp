// SPDX-License-Identifier: Apache-2.0
#include "pipeline/merge_input.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "pipeline/features_key.hpp"
#include "pipeline/open.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/core/units.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;

/// Items that are not as they were: the first, and how many.
class Differences {
 public:
  void add(const std::string& id, std::string_view what) {
    if (count_++ == 0) first_ = concat(in_quotes(id), " ", what);
  }
  /// Throws io when there are any.
  void check(const BatchSource& source) const {
    if (count_ == 0) return;
    const std::string others = count_ > 1 ? concat(" (the first of ", format_count(count_), " items)") : "";
    throw Error(ErrorCode::io,
                concat(in_quotes(source.input.native()), " is not as it was when ", in_quotes(source.folder.native()),
                       " was made: ", first_, others, "; simile cluster makes the batches anew"));
  }

 private:
  std::int64_t count_ = 0;
  std::string first_;
};

bool is_plain(const fs::path& id) { return id.is_relative() && std::find(id.begin(), id.end(), "..") == id.end(); }

/// The deepest folder that holds both.
fs::path common_folder(const fs::path& a, const fs::path& b) {
  fs::path common;
  const auto parts = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  for (auto part = a.begin(); part != parts.first; ++part) common /= *part;
  return common;
}

/// Without a slash at the end.
fs::path root_of(const Catalogue& catalogue) {
  const fs::path root =
      fs::weakly_canonical(catalogue.root.empty() ? fs::current_path() : fs::absolute(catalogue.root));
  return root.has_filename() ? root : root.parent_path();
}

/// An item of a source on its way into the joint set.
struct Named {
  std::string id;
  std::size_t source = 0;
  std::int64_t item = 0;
};

std::vector<Named> named_items(const std::vector<BatchSource>& sources, const fs::path& common) {
  std::vector<Named> all;
  for (std::size_t s = 0; s < sources.size(); ++s) {
    const Catalogue& catalogue = sources[s].dataset.catalogue();
    const fs::path root = root_of(catalogue);
    const fs::path inside = root.lexically_relative(common);
    for (std::int64_t item = 0; item < catalogue.size(); ++item) {
      const fs::path id = catalogue.ids[static_cast<std::size_t>(item)];
      // One that may lead out of the folder keeps its whole path.
      const fs::path name = is_plain(id) ? (inside == "." ? id : inside / id) : root / id;
      all.push_back({name.native(), s, item});
    }
  }
  std::sort(all.begin(), all.end(), [](const Named& a, const Named& b) { return a.id < b.id; });
  return all;
}

void check_joinable(const std::vector<BatchSource>& sources) {
  for (const auto& source : sources) {
    check_mergeable(sources.front().settings, sources.front().folder, source.settings, source.folder);
    if (source.dataset.catalogue().has_files) continue;
    throw Error(ErrorCode::invalid_argument,
                concat(in_quotes(source.folder.native()), " is of ", source.dataset.kind,
                       ": only results of files can be merged with others, since rows have no names of their own"));
  }
}

}  // namespace

BatchSource open_source(const fs::path& folder, const fs::path& input) {
  Batches batches = read_batches(folder);
  BatchSettings settings = parse_batch_settings(batches.settings, folder / "manifest.json");
  const fs::path place = input.empty() ? fs::path(settings.input) : input;
  if (place.empty()) {
    throw Error(ErrorCode::not_found,
                concat(in_quotes(folder.native()), " does not say where its input is; --input PHOTOS does"));
  }
  std::error_code missing;
  if (!fs::exists(place, missing)) {
    const std::string hint = input.empty() ? concat(", which ", in_quotes(folder.native()),
                                                    " was made of (--input PHOTOS says where it is now)")
                                           : "";
    throw Error(ErrorCode::not_found, concat("no such file or folder: ", in_quotes(place.native()), hint));
  }
  return {folder, std::move(batches), std::move(settings), place};
}

void list_source(BatchSource& source, const Context& context) {
  source.dataset = open_nonempty(source.input, source.settings.listing, context);
  const auto& ids = source.dataset.catalogue().ids;
  const Batches& batches = source.batches;
  const std::unordered_set<std::string_view> there(ids.begin(), ids.end());
  std::unordered_set<std::string_view> known(batches.ids.begin(), batches.ids.end());
  known.insert(batches.unreadable.begin(), batches.unreadable.end());
  Differences differences;
  for (const auto* part : {&batches.ids, &batches.unreadable}) {
    for (const auto& id : *part) {
      if (!there.contains(id)) differences.add(id, "has gone");
    }
  }
  for (const auto& id : ids) {
    if (!known.contains(id)) differences.add(id, "was not there");
  }
  differences.check(source);
  checked_method(source.dataset, source.settings.features, source.settings.metric);
}

Extraction read_source(BatchSource& source, const CacheOptions& cache, const Context& context) {
  FeatureOptions options = source.settings.features;
  options.cache = cache;
  Extraction extraction = extract_nonempty(source.dataset, options, context);
  const Batches& batches = source.batches;
  const auto& ids = source.dataset.catalogue().ids;
  Differences differences;
  const std::unordered_set<std::string_view> readable(batches.ids.begin(), batches.ids.end());
  for (const auto& [item, reason] : extraction.errors) {
    const auto& id = ids[static_cast<std::size_t>(item)];
    if (readable.contains(id)) differences.add(id, concat("cannot be read any more: ", reason));
  }
  const auto keys = row_keys(extraction.features);
  std::size_t row = 0;
  for (std::size_t k = 0; k < keys.size(); ++k) {
    const auto& id = ids[static_cast<std::size_t>(extraction.features.items[k])];
    if (!readable.contains(id)) {
      differences.add(id, "could not be read");
      continue;
    }
    while (row < batches.ids.size() && batches.ids[row] != id) ++row;  // those that cannot be read any more
    if (row == batches.ids.size()) {
      differences.add(id, "had another place in the list");
      break;
    }
    if (batches.feature_keys[row] != keys[k]) differences.add(id, "has changed");
    ++row;
  }
  differences.check(source);
  ensure(keys.size() == batches.ids.size(), "items that are those of the batches are not as many");
  return extraction;
}

JointSet join_sources(const std::vector<BatchSource>& sources) {
  check_joinable(sources);
  JointSet joint;
  Catalogue& catalogue = joint.images.catalogue;
  catalogue.has_files = true;
  catalogue.root = root_of(sources.front().dataset.catalogue());
  for (const auto& source : sources) {
    const Catalogue& part = source.dataset.catalogue();
    catalogue.root = common_folder(catalogue.root, root_of(part));
    catalogue.repeats += part.repeats;
    catalogue.links += part.links;
    catalogue.earlier_results += part.earlier_results;
    joint.item_of.emplace_back(part.ids.size());
  }
  std::vector<Named> items = named_items(sources, catalogue.root);
  for (std::size_t k = 0; k < items.size(); ++k) {
    if (k > 0 && items[k].id == items[k - 1].id) {
      throw Error(ErrorCode::invalid_argument,
                  concat(in_quotes((catalogue.root / items[k].id).native()), " is in ",
                         in_quotes(sources[items[k - 1].source].folder.native()), " and in ",
                         in_quotes(sources[items[k].source].folder.native()), "; an image can be in one batch only"));
    }
    joint.item_of[items[k].source][static_cast<std::size_t>(items[k].item)] = static_cast<std::int64_t>(k);
  }
  for (auto& item : items) catalogue.ids.push_back(std::move(item.id));
  return joint;
}

}  // namespace simile
