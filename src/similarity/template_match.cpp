// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/template_match.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "similarity/arithmetic/bytes.hpp"
#include "similarity/arithmetic/template_match.hpp"
#include "similarity/byte_panels.hpp"
#include "similarity/simd/kernels.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

enum Slot : std::size_t { product_slot = right_panels_slot + 1, sum_slot, column_slot };

constexpr std::int64_t kEdge = 384;       // a multiple of every level's blocks
constexpr std::int64_t kDepth = 1 << 11;  // values that are multiplied at a time: a tile's share stays in the cache
constexpr std::int64_t kMaxValues = 1LL << 37;  // 2^37 * 255^2 < 2^53

static_assert(kMaxProductDepth % kDepth == 0 && kDepth % kScreenBlock == 0);

/// Of the pairs that the first values do not decide, this many for each one of the tile are evaluated one by one; where
/// there are more, multiplying the other values of all is faster.
double most_evaluated() { return kernels().prepared_right == 0 ? 0.02 : 0.2; }

/// A step through the values that visits each once and spreads any number of the first over the whole image.
std::int64_t spreading_step(std::int64_t values) {
  auto step = std::max<std::int64_t>(1, static_cast<std::int64_t>(0.618 * static_cast<double>(values)));
  while (std::gcd(step, values) != 1) ++step;
  return step;
}

/// A tile's rows and columns are widened to whole panels at both ends, and to whole blocks.
std::int64_t more_rows() { return 2 * kPanelRows + kernels().product_rows; }
std::int64_t more_columns() { return 2 * kPanelRows + kernels().product_columns; }

}  // namespace

/// Images x as signed bytes x - 128, which leaves differences as they are; in an order in which the first kDepth values
/// tell much of the whole.
struct TemplateMetric::Side {
  explicit Side(const View<const std::uint8_t, 4>& images)
      : panels(images.shape[0], images.shape[1] * images.shape[2] * images.shape[3]) {
    const std::int64_t values = images.shape[1] * images.shape[2] * images.shape[3];
    const std::int64_t step = spreading_step(values);
    std::vector<std::int8_t> bytes(static_cast<std::size_t>(panels.padded_depth()));
    const auto padded = static_cast<std::size_t>(panels.padded_rows());
    first_squares.resize(padded);
    float_roots.resize(padded);
    for (std::int64_t item = 0; item < images.shape[0]; ++item) {
      const std::uint8_t* const image = images.data + item * values;
      std::int64_t sum = 0;
      std::int64_t sum_of_squares = 0;
      std::int64_t place = 0;
      for (std::int64_t k = 0; k < values; ++k) {
        const int value = image[place];
        const int shifted = value - 128;
        bytes[static_cast<std::size_t>(k)] = static_cast<std::int8_t>(shifted);
        if (k < kDepth) first_squares[static_cast<std::size_t>(item)] += shifted * shifted;
        sum += value;
        sum_of_squares += value * value;
        place += step;
        if (place >= values) place -= values;
      }
      panels.put(item, bytes.data());
      squares.push_back(sum_of_squares);
      shifted_squares.push_back(sum_of_squares - 256 * sum + 16384 * values);
      roots.push_back(std::sqrt(static_cast<double>(sum_of_squares)));
      float_roots[static_cast<std::size_t>(item)] = round_up(roots.back());
    }
  }
  std::int64_t size_bytes() const {
    return panels.size_bytes() +
           panels.padded_rows() * static_cast<std::int64_t>(sizeof(float) + sizeof(std::int32_t) + 3 * sizeof(double));
  }

  BytePanels panels;
  std::vector<std::int64_t> squares;
  std::vector<std::int64_t> shifted_squares;  // of the bytes
  std::vector<std::int32_t> first_squares;    // of the first kDepth bytes
  std::vector<double> roots;                  // of `squares`
  std::vector<float> float_roots;             // rounded upwards
};

TemplateMetric::TemplateMetric(View<const std::uint8_t, 4> images) : TemplateMetric(images, images) {}

TemplateMetric::TemplateMetric(View<const std::uint8_t, 4> left, View<const std::uint8_t, 4> right)
    : left_(left), right_(right), values_(left.shape[1] * left.shape[2] * left.shape[3]) {
  ensure(left.contiguous() && right.contiguous(), "images must be contiguous");
  const auto [height, width, channels] = std::array{left.shape[1], left.shape[2], left.shape[3]};
  if (right.shape[1] != height || right.shape[2] != width || right.shape[3] != channels) {
    throw Error(ErrorCode::invalid_argument, concat("images of ", width, "x", height, " and ", right.shape[2], "x",
                                                    right.shape[1], " pixels cannot be compared"));
  }
  if (height < 1 || width < 1 || channels != 3 || values_ > kMaxValues) {
    throw Error(ErrorCode::invalid_argument, concat("template takes colour images of 1 to 2^37 values, not ", width,
                                                    "x", height, " pixels of ", channels, " channels"));
  }
  left_side_ = std::make_unique<Side>(left);
  if (left.data != right.data || left.shape != right.shape) right_side_ = std::make_unique<Side>(right);
}

TemplateMetric::~TemplateMetric() = default;

std::int64_t TemplateMetric::resident_bytes() const {
  const std::int64_t images = (num_left() + (right_side_ ? num_right() : 0)) * values_;
  return images + left_side_->size_bytes() + (right_side_ ? right_side_->size_bytes() : 0);
}

Cost TemplateMetric::cost() const {
  const Kernels& simd = kernels();
  const std::int64_t depth = std::min(kDepth, left_side_->panels.padded_depth());
  Cost cost;
  cost.preferred_edge = kEdge;
  cost.bytes_per_row = simd.prepared_left * depth;
  cost.bytes_per_column = simd.prepared_right * depth + static_cast<std::int64_t>(sizeof(std::int32_t));
  cost.bytes_per_pair = sizeof(std::int32_t) + sizeof(std::int64_t);
  cost.fixed_bytes = more_rows() * cost.bytes_per_row + more_columns() * cost.bytes_per_column +
                     cost.bytes_per_pair * (kEdge * (more_rows() + more_columns()) + more_rows() * more_columns());
  return cost;
}

double TemplateMetric::exact(std::int64_t left, std::int64_t right) const {
  const std::int64_t difference =
      kernels().squared_difference(left_.data + left * values_, right_.data + right * values_, values_);
  return template_similarity(difference, left_side_->squares[static_cast<std::size_t>(left)],
                             right_side().squares[static_cast<std::size_t>(right)]);
}

MetricItems TemplateMetric::items() const { return {ColourItems{left_, right_}}; }

/// A tile's products so far.
struct TemplateMetric::Products {
  Products(const Tile& tile, Workspace& workspace)
      : rows(tile.rows.begin, tile.rows.end, kernels().product_rows),
        columns(tile.cols.begin, tile.cols.end, kernels().product_columns),
        upper(tile.upper),
        values(workspace.buffer<std::int32_t>(product_slot, rows.size * columns.size)) {}

  std::int64_t count() const { return rows.size * columns.size; }
  std::int64_t at(std::int64_t row, std::int64_t column) const {
    return (row - rows.begin) * columns.size + column - columns.begin;
  }

  PanelSpan rows;
  PanelSpan columns;
  bool upper;
  std::int32_t* values;
};

void TemplateMetric::multiply(const Products& products, std::int64_t begin, std::int64_t end,
                              Workspace& workspace) const {
  if (begin % kMaxProductDepth == 0) std::fill(products.values, products.values + products.count(), 0);
  for (std::int64_t k = begin; k < end; k += kDepth) {
    add_products(left_side_->panels.from(products.rows.begin, k / 4), products.rows,
                 right_side().panels.from(products.columns.begin, k / 4), products.columns,
                 std::min(kDepth, end - k) / 4, products.upper, workspace, products.values);
  }
}

bool TemplateMetric::screen_first_values(const Tile& tile, double floor, const Products& products, Workspace& workspace,
                                         std::vector<ScoredPair>& out) const {
  const Side& left = *left_side_;
  const Side& right = right_side();
  const auto column_begin = static_cast<std::size_t>(products.columns.begin);
  auto* const found = workspace.buffer<std::int32_t>(column_slot, products.columns.size);
  const auto most = static_cast<std::int64_t>(most_evaluated() * static_cast<double>(tile.count()));
  const std::size_t before = out.size();
  std::int64_t open = 0;
  for (std::int64_t row = tile.rows.begin; row < tile.rows.end && open <= most; ++row) {
    const auto i = static_cast<std::size_t>(row);
    const float reach = round_up(template_reach(floor) * left.roots[i] * (1 + 0x1p-20));
    const std::int64_t count =
        kernels().within_reach(products.values + products.at(row, products.columns.begin), left.first_squares[i],
                               right.first_squares.data() + column_begin, reach,
                               right.float_roots.data() + column_begin, products.columns.size, found);
    for (std::int64_t k = 0; k < count; ++k) {
      const std::int64_t column = products.columns.begin + found[k];
      if (column < tile.cols.begin || column >= tile.cols.end || (tile.upper && column <= row)) continue;
      out.push_back({row, column, 0, 0});
      ++open;
    }
  }
  if (open > most) {
    out.resize(before);
    return false;
  }
  const auto decided = std::remove_if(out.begin() + static_cast<std::ptrdiff_t>(before), out.end(), [&](auto& pair) {
    pair.low = pair.high = exact(pair.left, pair.right);
    return pair.low < floor;
  });
  out.erase(decided, out.end());
  return true;
}

void TemplateMetric::screen_block(const Tile& tile, const Need& need, Workspace& workspace,
                                  std::vector<ScoredPair>& out) const {
  const Products products(tile, workspace);
  const std::int64_t depth = left_side_->panels.padded_depth();
  const std::int64_t first = std::min(kDepth, depth);
  multiply(products, 0, first, workspace);
  if (need.floor > 0 && first < depth && screen_first_values(tile, need.floor, products, workspace, out)) return;
  auto* const sums = workspace.buffer<std::int64_t>(sum_slot, products.count());
  std::fill(sums, sums + products.count(), 0);
  for (std::int64_t begin = 0; begin < depth; begin += kMaxProductDepth) {
    multiply(products, begin == 0 ? first : begin, std::min(begin + kMaxProductDepth, depth), workspace);
    for (std::int64_t k = 0; k < products.count(); ++k) sums[k] += products.values[k];
  }
  const Side& left = *left_side_;
  const Side& right = right_side();
  const double reach = need.floor > 0 ? template_reach(need.floor) : std::numeric_limits<double>::infinity();
  for (std::int64_t row = tile.rows.begin; row < tile.rows.end; ++row) {
    const auto i = static_cast<std::size_t>(row);
    const double row_reach = reach * left.roots[i];
    for (std::int64_t col = tile.upper ? std::max(tile.cols.begin, row + 1) : tile.cols.begin; col < tile.cols.end;
         ++col) {
      const auto j = static_cast<std::size_t>(col);
      const std::int64_t difference =
          left.shifted_squares[i] + right.shifted_squares[j] - 2 * sums[products.at(row, col)];
      if (static_cast<double>(difference) > row_reach * right.roots[j]) continue;
      const double similarity = template_similarity(difference, left.squares[i], right.squares[j]);
      if (similarity >= need.floor) out.push_back({row, col, similarity, similarity});
    }
  }
}

}  // namespace simile
