// SPDX-License-Identifier: Apache-2.0
#include "simile/image/derive.hpp"

#include <mutex>
#include <utility>

#include <opencv2/core/utility.hpp>

#include "image/image_cache.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;

constexpr int kKeptFormat = 1;  // of what decoding and resizing give: raised when they change

/// Everything but the image that the bytes depend on.
std::string full_name(const Recipe& recipe) {
  const auto& reduce = recipe.decode.reduce_for;
  return concat(recipe.name, "; ",
                reduce ? concat("reduced for ", reduce->width_px, "x", reduce->height_px) : std::string("full decode"),
                "; format ", kKeptFormat, "; OpenCV ", cv::getVersionString());
}

/// Whether making what a hit holds would succeed now.
bool is_allowed(const ReadCost& cost, std::int64_t file_bytes, const DecodeLimits& limits, const Context& context) {
  return file_bytes <= limits.max_file_bytes && cost.pixels <= limits.max_pixels && cost.bytes <= context.memory_bytes;
}

bool has_length(const Recipe& recipe, std::int64_t size_bytes) {
  return recipe.ragged ? size_bytes % recipe.unit_bytes == 0 : size_bytes == recipe.unit_bytes;
}

using Store = std::function<void(std::int64_t item, std::span<const std::uint8_t> bytes)>;

/// Makes bytes of images, one by one or in batches, as the recipe says.
class Maker {
 public:
  /// `store` is given what is made, by several workers at once.
  Maker(const Recipe& recipe, Store store) : recipe_(recipe), store_(std::move(store)) {}

  void add(std::int64_t item, View<const std::uint8_t, 3> image) {
    auto made = recipe_.make(image);
    if (!recipe_.finish) return store_(item, made);
    std::vector<std::int64_t> items;
    std::vector<std::vector<std::uint8_t>> batch;
    {
      const std::lock_guard lock(pending_mutex_);
      items_.push_back(item);
      pending_.push_back(std::move(made));
      if (std::ssize(pending_) < recipe_.batch) return;
      items.swap(items_);
      batch.swap(pending_);
    }
    finish(items, batch);
  }

  /// What is left of a batch, when all images have been added.
  void finish() {
    if (!pending_.empty()) finish(items_, pending_);
  }

 private:
  void finish(const std::vector<std::int64_t>& items, const std::vector<std::vector<std::uint8_t>>& batch) {
    const std::lock_guard lock(finish_mutex_);
    const auto bytes = finished(batch);
    ensure(bytes.size() == items.size(), "a batch gave another number of results");
    for (std::size_t k = 0; k < items.size(); ++k) store_(items[k], bytes[k]);
  }

  /// A batch that fails is no image's fault: its error must not pass for one of the image that happened to fill it.
  std::vector<std::vector<std::uint8_t>> finished(const std::vector<std::vector<std::uint8_t>>& batch) {
    try {
      return recipe_.finish(batch);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::decode && error.code() != ErrorCode::invalid_argument) throw;
      throw Error(ErrorCode::model, error.what(), error.where());
    }
  }

  const Recipe& recipe_;
  Store store_;
  std::mutex finish_mutex_;
  std::mutex pending_mutex_;  // of the two below
  std::vector<std::int64_t> items_;
  std::vector<std::vector<std::uint8_t>> pending_;
};

/// A run of derive() with a cache.
struct CachedRun {
  const ImageSet& set;
  const std::vector<std::int64_t>& items;
  const Recipe& recipe;
  const Context& context;
  const Store& store;
  ImageCache cache;
  fs::path root;
  std::vector<std::optional<FileState>> states;  ///< by position in items

  fs::path file(std::int64_t item) const { return root / set.catalogue.ids[static_cast<std::size_t>(item)]; }

  void look_at_files() {
    std::error_code error;
    root = fs::canonical(set.catalogue.root.empty() ? "." : set.catalogue.root, error);
    if (error) root = set.catalogue.root;
    states.resize(items.size());
    context.pool.parallel_for(std::ssize(items), context.cancellation, [&](int /*worker*/, std::int64_t position) {
      const auto k = static_cast<std::size_t>(position);
      states[k] = file_state(file(items[k]));
    });
  }

  /// Stores what is kept; returns the positions of what is not.
  std::vector<std::int64_t> take_kept() {
    const auto hits = cache.find(states);
    std::vector<std::uint8_t> taken(items.size(), 0);
    context.pool.parallel_for(std::ssize(items), context.cancellation, [&](int /*worker*/, std::int64_t position) {
      const auto k = static_cast<std::size_t>(position);
      const auto& hit = hits[k];
      std::vector<std::uint8_t> bytes;
      if (hit.segment == nullptr || !has_length(recipe, hit.entry.size_bytes) ||
          !is_allowed(hit.entry.cost, states[k]->size_bytes, recipe.decode.limits, context) ||
          !cache.read(hit, bytes)) {
        return;
      }
      store(items[k], bytes);
      context.progress.advance(1);
      taken[k] = 1;
    });
    std::vector<std::int64_t> missing;
    for (std::size_t k = 0; k < items.size(); ++k) {
      if (taken[k] == 0) missing.push_back(static_cast<std::int64_t>(k));
    }
    return missing;
  }

  std::vector<ItemError> make(const std::vector<std::int64_t>& missing) {
    std::vector<ReadCost> costs(set.catalogue.ids.size());
    std::vector<std::int64_t> missing_items;
    std::vector<std::size_t> position_of(set.catalogue.ids.size());
    for (const auto position : missing) {
      const auto item = items[static_cast<std::size_t>(position)];
      missing_items.push_back(item);
      position_of[static_cast<std::size_t>(item)] = static_cast<std::size_t>(position);
    }
    Maker maker(recipe, [&](std::int64_t item, std::span<const std::uint8_t> bytes) {
      store(item, bytes);
      const auto& state = states[position_of[static_cast<std::size_t>(item)]];
      if (!state || !is_unchanged(file(item), *state)) return;  // written while it was read
      cache.add(state->key, costs[static_cast<std::size_t>(item)], bytes);
    });
    const auto visit = [&](int /*worker*/, std::int64_t item, View<const std::uint8_t, 3> image) {
      maker.add(item, image);
    };
    auto errors = for_each_image(set, missing_items, recipe.decode, context, visit, &costs);
    maker.finish();
    return errors;
  }
};

}  // namespace

Derivation derive(const ImageSet& set, const std::vector<std::int64_t>& items, const Recipe& recipe,
                  const CacheOptions& cache, const Context& context,
                  const std::function<void(std::int64_t item, std::span<const std::uint8_t> bytes)>& store) {
  if (cache.folder.empty() || set.in_memory() || !set.catalogue.has_files) {
    Maker maker(recipe, store);
    const auto visit = [&](int /*worker*/, std::int64_t item, View<const std::uint8_t, 3> image) {
      maker.add(item, image);
    };
    Derivation result{for_each_image(set, items, recipe.decode, context, visit), 0};
    maker.finish();
    return result;
  }
  CachedRun run{set, items, recipe, context, store, ImageCache(cache, full_name(recipe)), {}, {}};
  run.look_at_files();
  const auto missing = run.take_kept();
  Derivation result{missing.empty() ? std::vector<ItemError>() : run.make(missing),
                    std::ssize(items) - std::ssize(missing)};
  run.cache.finish();
  if (const auto problem = run.cache.problem(); !problem.empty()) {
    context.progress.note(concat("what was read is not kept for the next run: ", problem, " (--no-cache: no attempt)"));
  }
  return result;
}

}  // namespace simile
