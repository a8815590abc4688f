// SPDX-License-Identifier: Apache-2.0
#include "similarity/byte_screen.hpp"

#include <cmath>
#include <limits>

#include "simile/core/random.hpp"

namespace simile {
namespace {

constexpr std::int64_t kSample = 64;
/// Testing a block of pairs costs about as much as multiplying this many groups of it.
constexpr double kTestGroups = 16;
/// Two stages must promise to cost less than this share of one: a second stage finds its values no longer in the cache.
constexpr double kWorthTwoStages = 0.8;

std::int64_t padded(std::int64_t depth) { return (depth + kScreenBlock - 1) / kScreenBlock * kScreenBlock; }

/// Share of ascending values that are at least `floor`.
double share_reaching(const std::vector<double>& values, double floor) {
  if (values.empty()) return 0;
  const auto first = std::lower_bound(values.begin(), values.end(), floor);
  return static_cast<double>(values.end() - first) / static_cast<double>(values.size());
}

BytePanels gather(const BytePanels& panels, const std::vector<std::int64_t>& rows) {
  BytePanels chosen(static_cast<std::int64_t>(rows.size()), panels.padded_depth());
  std::vector<std::int8_t> values(static_cast<std::size_t>(panels.padded_depth()));
  for (std::size_t k = 0; k < rows.size(); ++k) {
    panels.get(rows[k], values.data());
    chosen.put(static_cast<std::int64_t>(k), values.data());
  }
  return chosen;
}

}  // namespace

ByteScreen::ByteScreen(const QuantisedRows& left, const QuantisedRows& right, bool one_set)
    : left_(left), right_(right), sampled_highs_(left.stages().size()) {
  take_sample(one_set);
}

void ByteScreen::take_sample(bool one_set) {
  const auto choose = [](const QuantisedRows& rows, std::uint64_t seed) {
    const std::int64_t num_rows = rows.panels().num_rows();
    return sample_without_replacement(num_rows, std::min(kSample, num_rows), seed);
  };
  const auto lefts = choose(left_, 1);
  const auto rights = choose(right_, 2);
  if (lefts.empty() || rights.empty()) return;
  const BytePanels left = gather(left_.panels(), lefts);
  const BytePanels right = gather(right_.panels(), rights);
  const Kernels& simd = kernels();
  const PanelSpan rows(0, left.num_rows(), simd.product_rows);
  const PanelSpan columns(0, right.num_rows(), simd.product_columns);
  const std::int64_t groups = left.groups();
  Workspace workspace(std::numeric_limits<std::int64_t>::max());
  auto* const products = workspace.buffer<std::int32_t>(bounds_slot, rows.size * columns.size);
  std::fill(products, products + rows.size * columns.size, 0);
  const auto value = [](const float* number) { return static_cast<double>(*number); };
  std::int64_t first = 0;
  for (std::size_t stage = 0; stage < left_.stages().size(); ++stage) {
    const std::int64_t last = left_.stages()[stage];
    add_products(left.from(0, first), rows, right.from(0, first), columns, last - first, false, workspace, products);
    first = last;
    const bool complete = last == groups;
    for (std::size_t i = 0; i < lefts.size(); ++i) {
      const ScreenItems x = left_.items(lefts[i], stage);
      for (std::size_t j = 0; j < rights.size(); ++j) {
        if (one_set && lefts[i] == rights[j]) continue;
        const ScreenItems y = right_.items(rights[j], stage);
        const auto index = static_cast<std::int64_t>(i) * columns.size + static_cast<std::int64_t>(j);
        const double product = value(x.scale) * value(y.scale) * products[index] - value(x.offset) - value(y.offset);
        const double band = byte_band(value(x.error), value(x.length), value(y.error), value(y.length));
        sampled_highs_[stage].push_back(product + band + (complete ? 0 : value(x.tail) * value(y.tail)));
        if (complete) sampled_lows_.push_back(product - band);
      }
    }
    std::sort(sampled_highs_[stage].begin(), sampled_highs_[stage].end());
  }
  std::sort(sampled_lows_.begin(), sampled_lows_.end());
}

ByteScreen::Plan ByteScreen::plan(double floor) const {
  const auto& stages = left_.stages();
  const auto all = static_cast<double>(stages.back());
  const Kernels& simd = kernels();
  const double pairs = simd.product_rows * simd.product_columns;
  Plan best;
  best.stage = stages.size() - 1;
  double least = kWorthTwoStages * (all + kTestGroups);
  for (std::size_t stage = 0; stage + 1 < stages.size(); ++stage) {
    // One in the sample is the least that it can tell from none.
    const double share =
        std::max(share_reaching(sampled_highs_[stage], floor), 0.5 / static_cast<double>(kSample * kSample));
    const double block_share = 1 - std::pow(1 - share, pairs);
    const auto groups = static_cast<double>(stages[stage]);
    const double cost = groups + kTestGroups + block_share * (all - groups + kTestGroups);
    if (cost < least) {
      least = cost;
      best.stage = stage;
    }
  }
  best.unsure = share_reaching(sampled_highs_.back(), floor) - share_reaching(sampled_lows_, floor);
  return best;
}

double ByteScreen::max_width() const {
  return 2 * byte_band(left_.max_error(), left_.max_length(), right_.max_error(), right_.max_length());
}

std::int64_t ByteScreen::bytes_per_row(std::int64_t depth) {
  const Kernels& simd = kernels();
  return simd.prepared_left * padded(depth) + static_cast<std::int64_t>(sizeof(RowBounds)) +
         static_cast<std::int64_t>(sizeof(Survivor)) * simd.product_columns;
}

std::int64_t ByteScreen::bytes_per_column(std::int64_t depth) { return kernels().prepared_right * padded(depth); }

std::int64_t ByteScreen::fixed_bytes(std::int64_t depth) {
  // A tile's rows and columns are widened to whole panels at both ends, and to whole blocks.
  return static_cast<std::int64_t>(sizeof(Survivor)) * kRowColumns +
         (2 * kPanelRows + kernels().product_rows) * bytes_per_row(depth) +
         (2 * kPanelRows + kernels().product_columns) * bytes_per_column(depth);
}

ByteScreen::Prepared ByteScreen::prepare(const Tile& tile, std::size_t stage, Workspace& workspace) const {
  const Kernels& simd = kernels();
  const std::int64_t groups = left_.panels().groups();
  Prepared prepared{PanelSpan(tile.rows.begin, tile.rows.end, simd.product_rows),
                    PanelSpan(tile.cols.begin, tile.cols.end, simd.product_columns),
                    {},
                    {},
                    nullptr,
                    nullptr};
  prepared.left = prepare_left(left_.panels().from(tile.rows.begin), prepared.rows, groups, workspace);
  prepared.right = prepare_right(right_.panels().from(tile.cols.begin), prepared.columns, groups, workspace);
  const std::int64_t num_blocks = prepared.rows.size / simd.product_rows;
  prepared.bounds = workspace.buffer<RowBounds>(bounds_slot, num_blocks);
  prepared.survivors = workspace.buffer<Survivor>(survivor_slot, prepared.rows.size * simd.product_columns);
  const ScreenItems rows = left_.items(0, stage);
  for (std::int64_t block = 0; block < num_blocks; ++block) {
    const std::int64_t first = prepared.rows.begin + block * simd.product_rows;
    RowBounds bounds{0, 0, 0, 0, std::numeric_limits<float>::infinity()};
    for (std::int64_t row = std::max(first, tile.rows.begin); row < std::min(first + simd.product_rows, tile.rows.end);
         ++row) {
      bounds.scale = std::max(bounds.scale, rows.scale[row]);
      bounds.error = std::max(bounds.error, rows.error[row]);
      bounds.reach = std::max(bounds.reach, rows.length[row] + rows.error[row]);
      bounds.tail = std::max(bounds.tail, rows.tail[row]);
      bounds.offset = std::min(bounds.offset, rows.offset[row]);
    }
    prepared.bounds[block] = bounds;
  }
  return prepared;
}

std::int64_t ByteScreen::screen_columns(const Tile& tile, const Prepared& prepared, std::int64_t column, float floor,
                                        std::size_t stage) const {
  const Kernels& simd = kernels();
  ScreenBlock block{};
  block.left = prepared.left;
  block.right = columns_from(prepared.right, column - prepared.columns.begin);
  block.num_rows = rows_to_multiply(prepared.rows, column, tile.upper);
  block.first_groups = left_.stages()[stage];
  block.groups = left_.panels().groups();
  block.rows = left_.items(prepared.rows.begin, stage);
  block.columns = right_.items(column, stage);
  block.row_bounds = prepared.bounds;
  block.floor = floor;
  return simd.screen_bytes(block, prepared.survivors);
}

std::int64_t ByteScreen::screen_row(std::int64_t row, Range columns, float floor, Workspace& workspace,
                                    Survivor* survivors) const {
  const BytePanels& panels = left_.panels();
  auto* const values = workspace.buffer<std::int8_t>(left_panels_slot, panels.padded_depth());
  panels.get(row, values);
  const ScreenRow screen{values,
                         right_.panels().from(columns.begin),
                         columns.size(),
                         panels.groups(),
                         left_.items(row, 0),
                         right_.items(columns.begin, 0),
                         floor};
  return kernels().screen_row(screen, survivors);
}

}  // namespace simile
