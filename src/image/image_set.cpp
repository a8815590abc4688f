// SPDX-License-Identifier: Apache-2.0
#include "simile/image/image_set.hpp"

#include <algorithm>
#include <deque>
#include <numeric>
#include <optional>
#include <span>
#include <utility>

#include "image/decode_worker.hpp"
#include "image/formats.hpp"
#include "image/memory_gate.hpp"

#include "simile/core/input_file.hpp"
#include "simile/core/text.hpp"
#include "simile/core/units.hpp"

namespace simile {
namespace {

Bytes bytes_of(const Array<std::uint8_t, 1>& array) { return {array.data(), static_cast<std::size_t>(array.size())}; }

void check_budget(std::int64_t bytes, const MemoryGate& gate) {
  if (bytes <= gate.budget_bytes()) return;
  throw Error(ErrorCode::out_of_memory, concat("needs ", format_bytes(bytes), " to be decoded, more than --memory ",
                                               format_bytes(gate.budget_bytes())));
}

/// Whether an error of reading or decoding concerns its item alone. (Memory: the item's own size is what was too much.)
bool is_of_the_item(ErrorCode code) { return code != ErrorCode::cancelled && code != ErrorCode::internal; }

bool is_refusal(ErrorCode code) { return code == ErrorCode::decode || code == ErrorCode::invalid_argument; }

/// What is wrong with an item, if anything.
using Reason = std::optional<std::string>;

/// Reads the files of one call of for_each_image().
class FileReader {
 public:
  FileReader(const ImageSet& set, const DecodeOptions& options, const Context& context)
      : set_(set), options_(options), context_(context), gate_(context.memory_bytes) {
    for (int worker = 0; worker < context.pool.num_threads(); ++worker) decoders_.emplace_back();
  }

  Reason visit(int worker, std::int64_t item, const ImageVisitor& visit, ReadCost& cost) {
    MemoryGate::Lease lease(gate_);
    Image image;
    try {
      image = load(worker, set_.catalogue.file(item), lease, cost);
    } catch (const Error& error) {
      if (!is_of_the_item(error.code())) throw;
      return error.what();
    }
    try {
      visit(worker, item, std::as_const(image).view());
    } catch (const Error& error) {
      if (!is_refusal(error.code())) throw;
      return error.what();
    }
    return std::nullopt;
  }

 private:
  /// Reads and decodes one file within the budget; `lease` then covers the image alone.
  Image load(int worker, const std::filesystem::path& path, MemoryGate::Lease& lease, ReadCost& cost) {
    const InputFile file(path);
    if (file.size_bytes() > options_.limits.max_file_bytes) {
      throw_decode(concat(file.size_bytes(), " bytes exceed --max-file-size ", options_.limits.max_file_bytes));
    }
    check_budget(file.size_bytes(), gate_);
    lease.replace(file.size_bytes());
    auto bytes = file.read();
    const auto header = read_image_header(bytes_of(bytes));
    check_limits(header, options_.limits);

    const auto needed = 2 * file.size_bytes() + decode_bytes(header, options_);
    check_budget(needed, gate_);
    cost = {header.width_px * header.height_px, needed};
    if (!lease.try_resize(needed)) {
      // Waiting for more while holding some could leave every worker waiting: put all back, wait, read again.
      bytes = {};
      lease.replace(needed);
      bytes = file.read();
    }
    auto image = decode(worker, bytes_of(bytes), header);
    bytes = {};
    lease.try_resize(image.size_bytes());
    return image;
  }

  /// What is held by two processes is no more than what decode_image() may hold in one: the file twice, and, once the
  /// decoder has let go of what it worked with, the image twice.
  Image decode(int worker, Bytes bytes, const ImageHeader& header) {
    if (context_.decode_worker.empty() || options_.limits.max_decode_seconds == 0 || !is_unbounded(header)) {
      return decode_image(bytes, options_);
    }
    return decoders_[static_cast<std::size_t>(worker)].decode(context_, bytes, header, options_);
  }

  const ImageSet& set_;
  const DecodeOptions& options_;
  const Context& context_;
  MemoryGate gate_;
  std::deque<DecodeWorker> decoders_;  ///< one a thread; those that meet no such image start nothing
};

Reason visit_row(const ImageSet& set, std::int64_t item, int worker, const ImageVisitor& visit) {
  try {
    visit(worker, item, std::as_const(set.pixels).view()[item]);
  } catch (const Error& error) {
    if (!is_refusal(error.code())) throw;
    return error.what();
  }
  return std::nullopt;
}

}  // namespace

std::vector<ItemError> for_each_image(const ImageSet& set, const std::vector<std::int64_t>& items,
                                      const DecodeOptions& options, const Context& context, const ImageVisitor& visit,
                                      std::vector<ReadCost>* costs) {
  ensure(costs == nullptr || std::ssize(*costs) == set.catalogue.size(), "costs are one an item");
  FileReader reader(set, options, context);
  std::vector<std::vector<ItemError>> found(static_cast<std::size_t>(context.pool.num_threads()));
  context.pool.parallel_for(
      static_cast<std::int64_t>(items.size()), context.cancellation, [&](int worker, std::int64_t position) {
        const auto item = items[static_cast<std::size_t>(position)];
        ensure(item >= 0 && item < set.catalogue.size(), "an item outside the catalogue was asked for");
        ReadCost unasked;
        ReadCost& cost = costs == nullptr ? unasked : (*costs)[static_cast<std::size_t>(item)];
        auto reason = set.in_memory() ? visit_row(set, item, worker, visit) : reader.visit(worker, item, visit, cost);
        if (reason) found[static_cast<std::size_t>(worker)].push_back({item, *std::move(reason)});
        context.progress.advance(1);
      });

  std::vector<ItemError> errors;
  for (auto& part : found) std::move(part.begin(), part.end(), std::back_inserter(errors));
  std::sort(errors.begin(), errors.end(), [](const auto& a, const auto& b) { return a.item < b.item; });
  return errors;
}

std::vector<ItemError> for_each_image(const ImageSet& set, const DecodeOptions& options, const Context& context,
                                      const ImageVisitor& visit) {
  std::vector<std::int64_t> items(static_cast<std::size_t>(set.catalogue.size()));
  std::iota(items.begin(), items.end(), 0);
  return for_each_image(set, items, options, context, visit);
}

}  // namespace simile
