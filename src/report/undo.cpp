// SPDX-License-Identifier: Apache-2.0
#include "simile/report/undo.hpp"

#include <algorithm>
#include <cerrno>
#include <string>
#include <unordered_map>
#include <utility>

#include <unistd.h>

#include "report/move_file.hpp"
#include "report/move_journal.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;
using report::MoveRow;

/// Finds out, row by row, what there is to do, and does it.
class Undo {
 public:
  Undo(const fs::path& folder, const report::MoveTable& table, report::MoveJournal& journal, const Context& context)
      : folder_(folder), real_folder_(fs::canonical(folder)), table_(table), journal_(journal), context_(context) {}

  UndoneFile look_at(std::int64_t k) {
    UndoneFile file{row(k).source, folder_ / row(k).destination, UndoOutcome::at_its_place, {}};
    try {
      decide(k, file);
    } catch (const fs::filesystem_error& error) {
      refuse(file, error.code().message());
    } catch (const Error& error) {
      if (error.code() == ErrorCode::cancelled || error.code() == ErrorCode::internal) throw;
      refuse(file, error.what());
    }
    return file;
  }

  UndoneFile take_back(std::int64_t k) {
    clear_temporaries(k);
    UndoneFile file = look_at(k);
    try {
      if (file.outcome == UndoOutcome::put_back) {
        report::make_folders(file.source.parent_path());
        report::move_file(file.destination, file.source, table_.temporary(file.source.parent_path(), k),
                          report::Carry::rename, context_.cancellation);
      } else if (file.outcome == UndoOutcome::copy_removed) {
        fs::remove(file.destination);
      }
      const bool settled = file.outcome != UndoOutcome::refused && file.outcome != UndoOutcome::gone;
      if (journal_.moved(k) && settled) journal_.set_undone(k);
    } catch (const fs::filesystem_error& error) {
      refuse(file, error.code().message());
    } catch (const Error& error) {
      if (error.code() == ErrorCode::cancelled || error.code() == ErrorCode::internal) throw;
      refuse(file, error.what());
    }
    return file;
  }

  /// Folders of results/ that hold nothing any more.
  void remove_empty_folders() const {
    for (const auto& row : table_.rows) {
      for (fs::path part = row.destination.parent_path(); !part.empty(); part = part.parent_path()) {
        if (::rmdir((folder_ / part).c_str()) != 0 && errno != ENOENT) break;
      }
    }
  }

 private:
  const MoveRow& row(std::int64_t k) const { return table_.rows[static_cast<std::size_t>(k)]; }

  static void refuse(UndoneFile& file, std::string reason) {
    file.outcome = UndoOutcome::refused;
    file.reason = std::move(reason);
  }

  void decide(std::int64_t k, UndoneFile& file) {
    const bool is_moved = report::stands(file.destination);
    const bool is_back = report::stands(file.source);
    if (is_moved && !is_back) return decide_moved(k, file);
    if (is_moved) return decide_between(k, file);
    if (is_back && (!journal_.moved(k) || looks_planned(k, report::stamp_of(file.source)))) return;
    file.outcome = UndoOutcome::gone;
    file.reason = is_back ? "is not in the result folder any more; at its place stands another file"
                          : "is neither in the result folder nor at its place";
  }

  /// The place is free and something stands in the result folder: is it the photo?
  void decide_moved(std::int64_t k, UndoneFile& file) {
    const FileStamp stamp = report::stamp_of(file.destination);
    if (stamp.bytes < 0) return refuse(file, "is no regular file any more");
    if (!lies_inside(file.destination.parent_path())) return refuse(file, "a link leads out of the result folder");
    // Without a line in the journal only a file that looks like the photo is taken for it.
    if (!journal_.moved(k) && !looks_planned(k, stamp)) {
      file.outcome = UndoOutcome::gone;
      file.reason = "was not moved and is not at its place; another file has its name in the result folder";
      return;
    }
    file.outcome = UndoOutcome::put_back;
  }

  /// Something stands at both places: the same photo twice (a copy was cut short), or somebody's new file.
  void decide_between(std::int64_t k, UndoneFile& file) {
    const FileStamp moved = report::stamp_of(file.destination);
    const FileStamp placed = report::stamp_of(file.source);
    const bool alike = moved.bytes >= 0 && moved.bytes == placed.bytes && moved.modified_ns == placed.modified_ns;
    if (is_one_name(file)) return refuse(file, "its place leads into the result folder");
    if (alike && lies_inside(file.destination.parent_path()) &&
        report::same_content(file.destination, file.source, context_.cancellation)) {
      file.outcome = UndoOutcome::copy_removed;
      return;
    }
    if (!journal_.moved(k) && looks_planned(k, placed)) {
      return;  // never moved; what stands in the result folder is somebody's own
    }
    refuse(file, concat("another file stands at ", in_quotes(file.source.native())));
  }

  bool looks_planned(std::int64_t k, const FileStamp& stamp) const {
    return stamp.bytes == row(k).bytes && stamp.modified_ns == row(k).modified_ns;
  }

  /// One entry of one folder, reached by two ways: removing "the copy" would remove the photo.
  static bool is_one_name(const UndoneFile& file) {
    return file.source.filename() == file.destination.filename() &&
           fs::equivalent(file.source.parent_path(), file.destination.parent_path());
  }

  bool lies_inside(const fs::path& parent) {
    const auto [known, fresh] = inside_.try_emplace(parent.native());
    if (fresh) {
      const fs::path relative = fs::canonical(parent).lexically_relative(real_folder_);
      known->second = !relative.empty() && *relative.begin() != "..";
    }
    return known->second;
  }

  /// What a crash left of a copy: the names are this plan's alone.
  void clear_temporaries(std::int64_t k) const {
    ::unlink(table_.temporary((folder_ / row(k).destination).parent_path(), k).c_str());
    ::unlink(table_.temporary(row(k).source.parent_path(), k).c_str());
  }

  fs::path folder_;
  fs::path real_folder_;
  const report::MoveTable& table_;
  report::MoveJournal& journal_;
  const Context& context_;
  std::unordered_map<std::string, bool> inside_;
};

}  // namespace

std::int64_t UndoSummary::count(UndoOutcome outcome) const {
  return std::count_if(files.begin(), files.end(), [&](const UndoneFile& file) { return file.outcome == outcome; });
}

UndoSummary undo_moves(const fs::path& folder, bool dry_run, const Context& context) {
  if (!fs::is_directory(folder))
    throw Error(ErrorCode::not_found, concat("no such folder: ", in_quotes(folder.native())));
  if (!report::stands(folder / report::kMovesName)) {
    throw Error(ErrorCode::not_found, concat(in_quotes(folder.native()), " has no ", report::kMovesName,
                                             ": nothing was moved into it by simile"));
  }
  const report::MoveTable table = report::read_moves(folder);
  report::MoveJournal journal(folder, table,
                              dry_run ? report::MoveJournal::Access::read : report::MoveJournal::Access::write);
  Undo undo(folder, table, journal, context);
  UndoSummary summary;
  ProgressPhase phase(context.progress, dry_run ? "looking" : "moving back", std::ssize(table.rows), "files");
  try {
    for (std::int64_t k = 0; k < std::ssize(table.rows); ++k) {
      context.cancellation.check();
      summary.files.push_back(dry_run ? undo.look_at(k) : undo.take_back(k));
      phase.advance(1);
    }
  } catch (const Error& error) {
    throw Error(error.code(), concat(error.what(), "; ", summary.count(UndoOutcome::put_back), " of ",
                                     table.rows.size(), " files were put back (the same command does the rest)"));
  }
  if (dry_run) return summary;
  undo.remove_empty_folders();
  journal.sync();
  return summary;
}

}  // namespace simile
