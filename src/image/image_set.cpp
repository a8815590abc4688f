// SPDX-License-Identifier: Apache-2.0
#include "simile/image/image_set.hpp"

#include <algorithm>
#include <numeric>
#include <optional>
#include <span>
#include <utility>

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

/// Reads and decodes one file within the gate's budget; `lease` then covers the image alone.
Image load(const std::filesystem::path& path, const DecodeOptions& options, const MemoryGate& gate,
           MemoryGate::Lease& lease, ReadCost& cost) {
  const InputFile file(path);
  if (file.size_bytes() > options.limits.max_file_bytes) {
    throw_decode(concat(file.size_bytes(), " bytes exceed --max-file-size ", options.limits.max_file_bytes));
  }
  check_budget(file.size_bytes(), gate);
  lease.replace(file.size_bytes());
  auto bytes = file.read();
  const auto header = read_image_header(bytes_of(bytes));
  check_limits(header, options.limits);

  const auto needed = 2 * file.size_bytes() + decode_bytes(header, options);
  check_budget(needed, gate);
  cost = {header.width_px * header.height_px, needed};
  if (!lease.try_resize(needed)) {
    // Waiting for more while holding some could leave every worker waiting: put all back, wait, read again.
    bytes = {};
    lease.replace(needed);
    bytes = file.read();
  }
  auto image = decode_image(bytes_of(bytes), options);
  bytes = {};
  lease.try_resize(image.size_bytes());
  return image;
}

/// Whether an error of reading or decoding concerns its item alone. (Memory: the item's own size is what was too much.)
bool is_of_the_item(ErrorCode code) { return code != ErrorCode::cancelled && code != ErrorCode::internal; }

bool is_refusal(ErrorCode code) { return code == ErrorCode::decode || code == ErrorCode::invalid_argument; }

/// What is wrong with an item, if anything.
using Reason = std::optional<std::string>;

Reason visit_file(const ImageSet& set, std::int64_t item, int worker, const DecodeOptions& options, MemoryGate& gate,
                  const ImageVisitor& visit, ReadCost& cost) {
  MemoryGate::Lease lease(gate);
  Image image;
  try {
    image = load(set.catalogue.file(item), options, gate, lease, cost);
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
  MemoryGate gate(context.memory_bytes);
  std::vector<std::vector<ItemError>> found(static_cast<std::size_t>(context.pool.num_threads()));
  context.pool.parallel_for(
      static_cast<std::int64_t>(items.size()), context.cancellation, [&](int worker, std::int64_t position) {
        const auto item = items[static_cast<std::size_t>(position)];
        ensure(item >= 0 && item < set.catalogue.size(), "an item outside the catalogue was asked for");
        ReadCost unasked;
        ReadCost& cost = costs == nullptr ? unasked : (*costs)[static_cast<std::size_t>(item)];
        auto reason = set.in_memory() ? visit_row(set, item, worker, visit)
                                      : visit_file(set, item, worker, options, gate, visit, cost);
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
