// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/template_match.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "similarity/arithmetic/template_match.hpp"
#include "similarity/byte_panels.hpp"
#include "similarity/simd/kernels.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

enum Slot : std::size_t { product_slot = right_panels_slot + 1, sum_slot };

constexpr std::int64_t kEdge = 384;       // a multiple of every level's blocks
constexpr std::int64_t kDepth = 1 << 11;  // values that are multiplied at a time: a tile's share stays in the cache
constexpr std::int64_t kMaxValues = 1LL << 37;  // 2^37 * 255^2 < 2^53

static_assert(kMaxProductDepth % kDepth == 0 && kDepth % kScreenBlock == 0);

}  // namespace

/// Images x as signed bytes x - 128, which leaves differences as they are.
struct TemplateMetric::Side {
  explicit Side(const View<const std::uint8_t, 4>& images)
      : panels(images.shape[0], images.shape[1] * images.shape[2] * images.shape[3]) {
    const std::int64_t values = images.shape[1] * images.shape[2] * images.shape[3];
    std::vector<std::int8_t> bytes(static_cast<std::size_t>(panels.padded_depth()));
    for (std::int64_t item = 0; item < images.shape[0]; ++item) {
      const std::uint8_t* const image = images.data + item * values;
      std::int64_t sum = 0;
      std::int64_t sum_of_squares = 0;
      for (std::int64_t k = 0; k < values; ++k) {
        bytes[static_cast<std::size_t>(k)] = static_cast<std::int8_t>(image[k] - 128);
        sum += image[k];
        sum_of_squares += image[k] * image[k];
      }
      panels.put(item, bytes.data());
      squares.push_back(sum_of_squares);
      shifted_squares.push_back(sum_of_squares - 256 * sum + 16384 * values);
      roots.push_back(std::sqrt(static_cast<double>(sum_of_squares)));
    }
  }

  BytePanels panels;
  std::vector<std::int64_t> squares;
  std::vector<std::int64_t> shifted_squares;  // of the bytes
  std::vector<double> roots;                  // of the squares
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
  const auto of_side = [&](const Side& side) {
    return side.panels.size_bytes() +
           side.panels.num_rows() * (values_ + 3 * static_cast<std::int64_t>(sizeof(double)));
  };
  return of_side(*left_side_) + (right_side_ ? of_side(*right_side_) : 0);
}

Cost TemplateMetric::cost() const {
  const Kernels& simd = kernels();
  const std::int64_t depth = std::min(kDepth, left_side_->panels.padded_depth());
  Cost cost;
  cost.preferred_edge = kEdge;
  cost.bytes_per_row = simd.prepared_left * depth;
  cost.bytes_per_column = simd.prepared_right * depth;
  cost.bytes_per_pair = sizeof(std::int32_t) + sizeof(std::int64_t);
  // A tile's rows and columns are widened to whole panels at both ends, and to whole blocks.
  const std::int64_t more_rows = 2 * kPanelRows + simd.product_rows;
  const std::int64_t more_columns = 2 * kPanelRows + simd.product_columns;
  cost.fixed_bytes = more_rows * cost.bytes_per_row + more_columns * cost.bytes_per_column +
                     cost.bytes_per_pair * (kEdge * (more_rows + more_columns) + more_rows * more_columns);
  return cost;
}

double TemplateMetric::exact(std::int64_t left, std::int64_t right) const {
  const std::int64_t difference =
      kernels().squared_difference(left_.data + left * values_, right_.data + right * values_, values_);
  return template_similarity(difference, left_side_->squares[static_cast<std::size_t>(left)],
                             right_side().squares[static_cast<std::size_t>(right)]);
}

const std::int64_t* TemplateMetric::multiply(const Tile& tile, const PanelSpan& rows, const PanelSpan& columns,
                                             Workspace& workspace) const {
  const BytePanels& left = left_side_->panels;
  const BytePanels& right = right_side().panels;
  const std::int64_t count = rows.size * columns.size;
  auto* const products = workspace.buffer<std::int32_t>(product_slot, count);
  auto* const sums = workspace.buffer<std::int64_t>(sum_slot, count);
  std::fill(sums, sums + count, 0);
  for (std::int64_t first = 0; first < left.padded_depth(); first += kMaxProductDepth) {
    std::fill(products, products + count, 0);
    const std::int64_t end = std::min(first + kMaxProductDepth, left.padded_depth());
    for (std::int64_t k = first; k < end; k += kDepth) {
      add_products(left.from(rows.begin, k / 4), rows, right.from(columns.begin, k / 4), columns,
                   std::min(kDepth, end - k) / 4, tile.upper, workspace, products);
    }
    for (std::int64_t k = 0; k < count; ++k) sums[k] += products[k];
  }
  return sums;
}

void TemplateMetric::screen_block(const Tile& tile, const Need& need, Workspace& workspace,
                                  std::vector<ScoredPair>& out) const {
  const Kernels& simd = kernels();
  const PanelSpan rows(tile.rows.begin, tile.rows.end, simd.product_rows);
  const PanelSpan columns(tile.cols.begin, tile.cols.end, simd.product_columns);
  const std::int64_t* const products = multiply(tile, rows, columns, workspace);
  const Side& left = *left_side_;
  const Side& right = right_side();
  const double reach = template_reach(need.floor);
  for (std::int64_t row = tile.rows.begin; row < tile.rows.end; ++row) {
    const auto i = static_cast<std::size_t>(row);
    const double row_reach = need.floor > 0 ? reach * left.roots[i] : std::numeric_limits<double>::infinity();
    for (std::int64_t col = tile.upper ? std::max(tile.cols.begin, row + 1) : tile.cols.begin; col < tile.cols.end;
         ++col) {
      const auto j = static_cast<std::size_t>(col);
      const std::int64_t product = products[(row - rows.begin) * columns.size + col - columns.begin];
      const std::int64_t difference = left.shifted_squares[i] + right.shifted_squares[j] - 2 * product;
      if (static_cast<double>(difference) > row_reach * right.roots[j]) continue;
      const double similarity = template_similarity(difference, left.squares[i], right.squares[j]);
      if (similarity >= need.floor) out.push_back({row, col, similarity, similarity});
    }
  }
}

}  // namespace simile
