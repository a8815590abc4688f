// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "simile/core/context.hpp"
#include "simile/report/cluster_result.hpp"

namespace simile {

/// A file as it was seen once: enough to tell later whether it is still that file, unchanged.
struct FileStamp {
  std::int64_t bytes = -1;  ///< -1: nothing there, or no regular file (symbolic links are none)
  std::int64_t modified_ns = 0;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

/// Of every item, before it is read: what changes afterwards is not moved.
std::vector<FileStamp> stamp_files(const Catalogue& catalogue);

/// One file's way.
struct PlannedMove {
  std::int64_t item = 0;
  std::filesystem::path source;       ///< absolute
  std::filesystem::path destination;  ///< relative to the result folder, below results/
  FileStamp stamp{};
};

/// Which files `--transfer move` takes where: no two to the same place, none twice, none that is not a file of its own.
struct MovePlan {
  std::vector<PlannedMove> moves;  ///< ascending by row
  std::vector<ItemError> refused;  ///< symbolic links, files named twice, changed or gone since `seen`
};

/// Plans a move for every readable photo: to results/cluster_<k>/<path> or results/outliers/<path>. `seen`: what
/// stamp_files() gave for the result's catalogue. Writes nothing.
MovePlan plan_moves(const ClusterResult& result, const std::vector<FileStamp>& seen);

/// Writes moves.csv (`source,destination,bytes,modified_ns`) and an empty journal (moves.journal) into a result folder
/// that is being built, and brings both to the disk. Throws io.
void write_move_plan(const std::filesystem::path& folder, const MovePlan& plan);

/// Carries out a plan that write_move_plan() wrote into `folder`, which stands at its place by now. Each file is
/// renamed or, across file systems, copied, brought to the disk, read back and only then removed where it was;
/// modification time, permissions and extended attributes are kept, nothing is ever overwritten, and the journal says
/// what was done. Whenever the process or the machine stops, undo_moves() takes back what has been moved. Gives what
/// could not be moved, the plan's refusals among it, ascending by item, and writes it to transfer_errors.csv when there
/// is any. Throws cancelled (naming `simile undo`), io when the journal cannot be written or another run holds it.
std::vector<ItemError> move_files(const std::filesystem::path& folder, const ClusterResult& result,
                                  const MovePlan& plan, const Context& context);

}  // namespace simile
