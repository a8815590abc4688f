// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "simile/report/move.hpp"

namespace simile::report {

inline constexpr const char* kMovesName = "moves.csv";
inline constexpr const char* kJournalName = "moves.journal";

/// One line of moves.csv.
struct MoveRow {
  std::filesystem::path source;       ///< absolute
  std::filesystem::path destination;  ///< relative to the result folder
  std::int64_t bytes = 0;
  std::int64_t modified_ns = 0;
};

/// What moves.csv says.
struct MoveTable {
  std::vector<MoveRow> rows;
  std::string tag;  ///< start of the file's SHA-256; names the temporary files of its moves

  /// Where row k is copied to before it has its name in `folder`.
  std::filesystem::path temporary(const std::filesystem::path& folder, std::int64_t k) const;
};

/// moves.csv of a result folder. Throws not_found where there is none, decode when it is not as simile writes it; a
/// destination that is not below results/ is refused so, too.
MoveTable read_moves(const std::filesystem::path& folder);

/// True when a file stands at a destination of the folder's moves.csv, or something does below results/ and moves.csv
/// has gone or cannot be understood although files were moved: deleting the folder could lose a photo.
bool holds_moved_originals(const std::filesystem::path& folder);

/// What happened to each row of moves.csv: lines "moved 3" and "undone 3" after a first line that names the plan. It is
/// locked while it is open. A row without a line may have been moved all the same (a crash came between); so may one
/// whose line did not reach the disk.
class MoveJournal {
 public:
  enum class Access { read, write };

  /// Opens the journal in `folder`; to write, it is made anew where it is missing. Throws io when another run holds it,
  /// decode when it belongs to another plan.
  MoveJournal(const std::filesystem::path& folder, const MoveTable& table, Access access);
  ~MoveJournal();
  MoveJournal(const MoveJournal&) = delete;
  MoveJournal& operator=(const MoveJournal&) = delete;

  bool moved(std::int64_t row) const { return moved_[static_cast<std::size_t>(row)]; }
  void set_moved(std::int64_t row);
  void set_undone(std::int64_t row);
  /// Brings the lines to the disk.
  void sync();

  /// The first line of a plan's journal.
  static std::string first_line(const MoveTable& table);

 private:
  void open(const std::filesystem::path& folder, Access access);
  void read(const std::string& text, Access access);
  void append(const std::string& line);

  std::filesystem::path path_;
  std::string head_;
  std::vector<bool> moved_;
  int descriptor_ = -1;
};

}  // namespace simile::report
