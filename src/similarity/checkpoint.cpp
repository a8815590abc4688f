// SPDX-License-Identifier: Apache-2.0
#include "similarity/checkpoint.hpp"

#include <system_error>

#include "simile/core/atomic_file.hpp"
#include "simile/core/error.hpp"
#include "simile/core/input_file.hpp"
#include "simile/core/state_file.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

constexpr std::string_view kKind = "comparison";
constexpr std::int64_t kMaxEdge = 1LL << 31;

/// Names what was compared with what. Lists are told apart by a hash: they are as long as the work.
std::string describe(const Pairs& pairs) {
  std::uint64_t hash = 0;
  for (const auto& [left, right] : pairs.list()) {
    for (const auto item : {left, right}) {
      hash = (hash ^ static_cast<std::uint64_t>(item)) * 0x9e37'79b9'7f4a'7c15U;
      hash ^= hash >> 29;
    }
  }
  return concat("shape ", static_cast<int>(pairs.shape()), ", ", pairs.one_set() ? "one set" : "two sets", ", ",
                pairs.num_left(), " x ", pairs.num_right(), " items, ", pairs.count(), " pairs, list ", hash);
}

double seconds_since(CheckpointFile::Clock::time_point time) {
  return std::chrono::duration<double>(CheckpointFile::Clock::now() - time).count();
}

}  // namespace

CheckpointFile::CheckpointFile(const Checkpoint* checkpoint, const Pairs& pairs, const Metric& metric)
    : checkpoint_(checkpoint), pairs_(pairs) {
  if (checkpoint_ != nullptr) identity_ = concat(metric.name(), "; ", describe(pairs), "; ", checkpoint_->key);
}

ComparePosition CheckpointFile::read(Sink& sink) const {
  const InputFile file(checkpoint_->file);
  StateReader in(kKind, file);
  if (in.text() != identity_) throw_bad_state("it is of another comparison");
  ComparePosition position;
  position.edge = in.integer("a tile's edge", 1, kMaxEdge);
  const TilePlan plan(pairs_, position.edge, kListLength);
  position.tiles_done = in.integer("the number of tiles done", 0, plan.size());
  position.pairs_done = in.integer("the number of pairs done", 0, pairs_.count());
  sink.load(in);
  in.finish();
  return position;
}

ComparePosition CheckpointFile::resume(const ComparePosition& start, Sink& sink, int num_workers) {
  sink.begin(pairs_, num_workers);
  if (checkpoint_ == nullptr) return start;
  try {
    return read(sink);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::not_found) return start;
    if (error.code() != ErrorCode::decode && error.code() != ErrorCode::io) throw;
    problem_ = concat("the checkpoint ", in_quotes(checkpoint_->file.native()), " ", error.what());
  }
  sink.begin(pairs_, num_workers);
  return start;
}

bool CheckpointFile::due() const {
  return checkpoint_ != nullptr && seconds_since(written_) >= checkpoint_->interval_seconds;
}

void CheckpointFile::write(const ComparePosition& position, Sink& sink) {
  if (checkpoint_ == nullptr) return;
  try {
    AtomicFile file(checkpoint_->file);
    StateWriter out(kKind, [&](std::string_view bytes) { file.write(bytes); });
    out.text(identity_);
    out.integer(position.edge);
    out.integer(position.tiles_done);
    out.integer(position.pairs_done);
    sink.save(out);
    out.finish();
    file.commit();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::io && error.code() != ErrorCode::not_found) throw;
    problem_ = concat("no checkpoint was written: ", error.what());
  }
  written_ = Clock::now();
}

void CheckpointFile::complete(const ComparePosition& position, Sink& sink) {
  if (checkpoint_ != nullptr && checkpoint_->keep && seconds_since(start_) >= checkpoint_->interval_seconds) {
    write(position, sink);
  }
}

void CheckpointFile::remove() {
  if (checkpoint_ == nullptr || checkpoint_->keep) return;
  std::error_code ignored;  // a file that stays is of this comparison, complete: the next run takes it over
  std::filesystem::remove(checkpoint_->file, ignored);
}

}  // namespace simile
