// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/edges.hpp"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <memory>
#include <queue>
#include <string>
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
constexpr std::size_t kReadEdges = 16384;  // of one run at a time: 384 KiB

bool before(const Edge& a, const Edge& b) { return std::pair(a.left, a.right) < std::pair(b.left, b.right); }

/// Edges of one run in order, read piece by piece.
class RunReader {
 public:
  RunReader(int descriptor, std::int64_t num_edges) : descriptor_(descriptor), left_(num_edges) {}

  bool next(Edge& edge) {
    if (position_ == piece_.size() && !refill()) return false;
    edge = piece_[position_++];
    return true;
  }

 private:
  bool refill() {
    piece_.resize(static_cast<std::size_t>(std::min<std::int64_t>(left_, kReadEdges)));
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
  off_t offset_ = 0;
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
  if (options_.spill_folder.empty()) options_.spill_folder = std::filesystem::temp_directory_path();
}

Edges::~Edges() {
  for (const auto& run : runs_) ::close(run.descriptor);
}

void Edges::begin(const Pairs& /*pairs*/, int num_workers) {
  for (const auto& run : runs_) ::close(run.descriptor);
  runs_.clear();
  buffers_.assign(static_cast<std::size_t>(num_workers), {});
  count_ = 0;
  const auto share =
      static_cast<std::size_t>(options_.memory_bytes) / sizeof(Edge) / static_cast<std::size_t>(num_workers);
  worker_capacity_ = std::max(kMinEdgesPerWorker, share);
}

Need Edges::need(const Tile& /*tile*/) const { return {.floor = threshold_, .exact = false}; }

void Edges::consume(int worker, const Tile& /*tile*/, std::span<const ScoredPair> scored, Exact& exact) {
  auto& buffer = buffers_[static_cast<std::size_t>(worker)];
  for (const auto& pair : scored) {
    if (pair.high < threshold_) continue;
    const double similarity = exact(pair);
    if (!(similarity >= threshold_)) continue;
    if (count_.fetch_add(1, std::memory_order_relaxed) >= options_.max_edges) {
      throw Error(ErrorCode::out_of_memory, concat("more than ", options_.max_edges, " pairs reach the threshold ",
                                                   threshold_, " (raise --threshold, or --max-edges)"));
    }
    buffer.push_back({pair.left, pair.right, similarity});
    if (buffer.size() >= worker_capacity_) spill(buffer);
  }
}

void Edges::spill(std::vector<Edge>& edges) {
  std::sort(edges.begin(), edges.end(), before);
  const Run run{open_unnamed(options_.spill_folder), static_cast<std::int64_t>(edges.size())};
  {
    const std::lock_guard lock(runs_mutex_);
    runs_.push_back(run);
  }
  const auto* bytes = reinterpret_cast<const char*>(edges.data());
  std::size_t left = edges.size() * sizeof(Edge);
  while (left > 0) {
    const ssize_t written = ::write(run.descriptor, bytes, left);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw_system_error("write temporary files in", options_.spill_folder);
    bytes += written;
    left -= static_cast<std::size_t>(written);
  }
  edges.clear();
}

void Edges::finish() {
  auto& first = buffers_.front();
  for (std::size_t worker = 1; worker < buffers_.size(); ++worker) {
    first.insert(first.end(), buffers_[worker].begin(), buffers_[worker].end());
    std::vector<Edge>().swap(buffers_[worker]);
  }
  std::sort(first.begin(), first.end(), before);
}

void Edges::for_each(const std::function<void(const Edge&)>& visit) const {
  std::vector<RunReader> readers;
  for (const auto& run : runs_) readers.emplace_back(run.descriptor, run.num_edges);
  const auto& in_memory = buffers_.front();
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
