// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/edges.hpp"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <memory>
#include <queue>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "simile/core/atomic_file.hpp"
#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/core/units.hpp"

namespace simile {
namespace {

constexpr std::size_t kMinEdgesPerWorker = 1024;
constexpr std::size_t kMaxReadEdges = 16384;  // of one run at a time: 384 KiB
constexpr std::size_t kMinReadEdges = 128;    // 3 KiB

bool before(const Edge& a, const Edge& b) { return std::pair(a.left, a.right) < std::pair(b.left, b.right); }

/// Edges of one run in order, read piece by piece.
class RunReader {
 public:
  RunReader(int descriptor, std::int64_t first, std::int64_t num_edges, std::size_t piece_edges)
      : descriptor_(descriptor),
        left_(num_edges),
        offset_(first * static_cast<off_t>(sizeof(Edge))),
        piece_edges_(static_cast<std::int64_t>(piece_edges)) {}

  bool next(Edge& edge) {
    if (position_ == piece_.size() && !refill()) return false;
    edge = piece_[position_++];
    return true;
  }

 private:
  bool refill() {
    piece_.resize(static_cast<std::size_t>(std::min(left_, piece_edges_)));
    position_ = 0;
    auto* bytes = reinterpret_cast<char*>(piece_.data());
    std::size_t wanted = piece_.size() * sizeof(Edge);
    while (wanted > 0) {
      const ssize_t count = ::pread(descriptor_, bytes, wanted, offset_);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) throw_system_error("read back", "spilled pairs");
      bytes += count;
      offset_ += count;
      wanted -= static_cast<std::size_t>(count);
    }
    left_ -= static_cast<std::int64_t>(piece_.size());
    return !piece_.empty();
  }

  int descriptor_;
  std::int64_t left_;
  off_t offset_;
  std::int64_t piece_edges_;
  std::vector<Edge> piece_;
  std::size_t position_ = 0;
};

int open_unnamed(const std::filesystem::path& folder) {
  std::string name = (folder / ".simile-spill-XXXXXX").native();
  const int descriptor = ::mkostemp(name.data(), O_CLOEXEC);
  if (descriptor < 0) throw_system_error("write temporary files in", folder);
  ::unlink(name.c_str());
  return descriptor;
}

}  // namespace

Edges::Edges(double threshold, EdgesOptions options) : threshold_(threshold), options_(std::move(options)) {
  if (std::isnan(threshold)) throw Error(ErrorCode::invalid_argument, "a threshold must be a number");
  if (options_.spill_folder.empty()) {
    std::error_code error;
    options_.spill_folder = std::filesystem::temp_directory_path(error);
    if (error) throw Error(ErrorCode::io, concat("no folder for temporary files (TMPDIR): ", error.message()));
  }
}

Edges::~Edges() { close_files(); }

void Edges::close_files() {
  for (const auto& buffer : buffers_) {
    if (buffer.descriptor >= 0) ::close(buffer.descriptor);
  }
  buffers_.clear();
}

void Edges::begin(const Pairs& pairs, int num_workers) {
  pairs_ = pairs;
  close_files();
  buffers_.resize(static_cast<std::size_t>(num_workers));
  count_ = 0;
  const auto share = static_cast<std::size_t>(std::max<std::int64_t>(0, options_.memory_bytes)) / sizeof(Edge) /
                     static_cast<std::size_t>(num_workers);
  worker_capacity_ = std::max(kMinEdgesPerWorker, share);
}

Need Edges::need(const Tile& /*tile*/) const { return {.floor = threshold_, .exact = false}; }

void Edges::consume(int worker, const Tile& /*tile*/, std::span<const ScoredPair> scored, Exact& exact) {
  auto& buffer = buffers_[static_cast<std::size_t>(worker)];
  for (const auto& pair : scored) {
    if (pair.high < threshold_) continue;
    const double similarity = exact(pair);
    if (similarity >= threshold_) add(buffer, {pair.left, pair.right, similarity});
  }
}

void Edges::add(Buffer& buffer, const Edge& edge) {
  if (count_.fetch_add(1, std::memory_order_relaxed) >= options_.max_edges) {
    throw Error(ErrorCode::out_of_memory, concat("more than ", options_.max_edges, " pairs reach the threshold ",
                                                 threshold_, " (raise --threshold, or --max-edges)"));
  }
  buffer.edges.push_back(edge);
  if (buffer.edges.size() >= worker_capacity_) spill(buffer);
}

void Edges::spill(Buffer& buffer) {
  std::sort(buffer.edges.begin(), buffer.edges.end(), before);
  if (buffer.descriptor < 0) buffer.descriptor = open_unnamed(options_.spill_folder);
  const auto num_edges = static_cast<std::int64_t>(buffer.edges.size());
  buffer.runs.push_back({buffer.descriptor, buffer.num_spilled, num_edges});
  buffer.num_spilled += num_edges;
  const auto* bytes = reinterpret_cast<const char*>(buffer.edges.data());
  std::size_t left = buffer.edges.size() * sizeof(Edge);
  while (left > 0) {
    const ssize_t written = ::write(buffer.descriptor, bytes, left);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw_system_error("write temporary files in", options_.spill_folder);
    bytes += written;
    left -= static_cast<std::size_t>(written);
  }
  buffer.edges.clear();
}

void Edges::finish(const Evaluate& /*evaluate*/) {
  auto& first = buffers_.front().edges;
  for (std::size_t worker = 1; worker < buffers_.size(); ++worker) {
    auto& edges = buffers_[worker].edges;
    first.insert(first.end(), edges.begin(), edges.end());
    std::vector<Edge>().swap(edges);
  }
  std::sort(first.begin(), first.end(), before);
}

void Edges::for_each_unordered(const std::function<void(const Edge&)>& visit) const {
  for (const auto& buffer : buffers_) {
    for (const auto& run : buffer.runs) {
      RunReader reader(run.descriptor, run.first, run.num_edges, kMaxReadEdges);
      for (Edge edge; reader.next(edge);) visit(edge);
    }
    for (const auto& edge : buffer.edges) visit(edge);
  }
}

std::string Edges::identity() const { return concat("threshold ", threshold_, ", ", sides(*pairs_)); }

void Edges::save_state(StateWriter& out) {
  out.integer(count());
  for_each_unordered([&](const Edge& edge) { out.elements(std::span(&edge, 1)); });
}

void Edges::load_state(StateReader& in) {
  begin(*pairs_, static_cast<int>(buffers_.size()));
  const std::int64_t count = in.count(sizeof(Edge));
  for (std::int64_t k = 0; k < count; ++k) {
    Edge edge;
    in.elements(std::span(&edge, 1));
    if (edge.left < 0 || edge.left >= pairs_->num_left() || edge.right < 0 || edge.right >= pairs_->num_right() ||
        !(edge.similarity >= threshold_)) {
      throw_bad_state(concat("a pair is (", edge.left, ", ", edge.right, ") with similarity ", edge.similarity));
    }
    add(buffers_.front(), edge);
  }
}

void Edges::merge_state(const Sink& other, Exact& /*exact*/) {
  static_cast<const Edges&>(other).for_each_unordered([&](const Edge& edge) { add(buffers_.front(), edge); });
}

void Edges::for_each(const std::function<void(const Edge&)>& visit) const {
  std::size_t num_runs = 0;
  for (const auto& buffer : buffers_) num_runs += buffer.runs.size();
  // The pieces that are read at a time share the memory that the edges had.
  const auto budget = static_cast<std::size_t>(std::max<std::int64_t>(0, options_.memory_bytes)) / sizeof(Edge);
  const std::size_t piece_edges = std::clamp(budget / std::max<std::size_t>(1, num_runs), kMinReadEdges, kMaxReadEdges);
  std::vector<RunReader> readers;
  for (const auto& buffer : buffers_) {
    for (const auto& run : buffer.runs) readers.emplace_back(run.descriptor, run.first, run.num_edges, piece_edges);
  }
  const auto& in_memory = buffers_.front().edges;
  std::size_t memory_position = 0;
  const auto next_of = [&](std::size_t source, Edge& edge) {
    if (source < readers.size()) return readers[source].next(edge);
    if (memory_position == in_memory.size()) return false;
    edge = in_memory[memory_position++];
    return true;
  };
  using Head = std::pair<Edge, std::size_t>;
  const auto later = [](const Head& a, const Head& b) { return before(b.first, a.first); };
  std::priority_queue<Head, std::vector<Head>, decltype(later)> heads(later);
  for (std::size_t source = 0; source <= readers.size(); ++source) {
    Edge edge;
    if (next_of(source, edge)) heads.emplace(edge, source);
  }
  while (!heads.empty()) {
    auto [edge, source] = heads.top();
    heads.pop();
    visit(edge);
    if (next_of(source, edge)) heads.emplace(edge, source);
  }
}

}  // namespace simile
