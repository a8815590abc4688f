// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "simile/core/context.hpp"

namespace simile {

/// What became of one file of a plan.
enum class UndoOutcome {
  at_its_place,  ///< it was never moved, or is back already
  put_back,
  copy_removed,  ///< a crash had left the original and a copy of it; the original stays
  gone,          ///< somebody took it out of the result folder; it is not at its place either
  refused,       ///< it stays in the result folder: something stands at its place, or the system says no
};

struct UndoneFile {
  std::filesystem::path source;       ///< where it belongs
  std::filesystem::path destination;  ///< where it was moved, below the result folder
  UndoOutcome outcome = UndoOutcome::at_its_place;
  std::string reason;  ///< of gone and refused
};

struct UndoSummary {
  std::vector<UndoneFile> files;  ///< in the order of moves.csv
  std::int64_t count(UndoOutcome outcome) const;
};

/// Takes back what `--transfer move` did in a result folder, from its moves.csv, its moves.journal and what is found on
/// the disk; after a crash of the move or of an earlier undo, too. A file at its original place is never overwritten,
/// and nothing is removed unless the same bytes with the same modification time are at the original place. Folders of
/// results/ that become empty are removed. May be repeated. `dry_run`: only says what would be done. Throws not_found
/// when nothing was moved into the folder, decode when its plan is damaged or not the journal's, io when another run
/// holds the journal, cancelled.
UndoSummary undo_moves(const std::filesystem::path& folder, bool dry_run, const Context& context);

}  // namespace simile
