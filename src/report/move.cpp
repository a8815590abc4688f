// SPDX-License-Identifier: Apache-2.0
#include "simile/report/move.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <unordered_map>

#include "report/item_errors.hpp"
#include "report/move_file.hpp"
#include "report/move_journal.hpp"

#include "simile/core/atomic_file.hpp"
#include "simile/core/csv.hpp"
#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/report/transfer.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;

/// A path whose folder is spelt in the one way that the file system knows: two spellings of a file are one.
class Spellings {
 public:
  std::string of(const fs::path& path) {
    const auto [known, fresh] = folders_.try_emplace(path.parent_path().native());
    if (fresh) known->second = fs::canonical(path.parent_path()).native();
    return concat(known->second, '/', path.filename().native());
  }

 private:
  std::unordered_map<std::string, std::string> folders_;
};

/// Plans one item after the other.
class Planner {
 public:
  Planner(const ClusterResult& result, const std::vector<FileStamp>& seen) : result_(result), seen_(seen) {}

  void add(std::int64_t row) {
    const std::int64_t item = result_.items[static_cast<std::size_t>(row)];
    try {
      PlannedMove move{item, fs::absolute(result_.catalogue.file(item)), transfer_place(result_, row), {}};
      move.stamp = report::stamp_of(move.source);
      const std::string problem = problem_of(move);
      if (problem.empty()) {
        plan_.moves.push_back(std::move(move));
      } else {
        plan_.refused.push_back({item, problem});
      }
    } catch (const fs::filesystem_error& error) {
      plan_.refused.push_back({item, error.code().message()});
    }
  }
  MovePlan take() { return std::move(plan_); }

 private:
  std::string problem_of(const PlannedMove& move) {
    if (fs::is_symlink(fs::symlink_status(move.source))) return "is a symbolic link and stays where it is";
    if (move.stamp.bytes < 0) return "No such file or directory";
    if (move.stamp != seen_[static_cast<std::size_t>(move.item)]) return "has changed since it was listed";
    const auto named = sources_.emplace(spellings_.of(move.source), move.item);
    if (!named.second) return concat("is the same file as ", in_quotes(id(named.first->second)));
    const auto placed = places_.emplace(move.destination.native(), move.item);
    if (!placed.second) return concat("would take the place of ", in_quotes(id(placed.first->second)));
    return {};
  }
  const std::string& id(std::int64_t item) const { return result_.catalogue.ids[static_cast<std::size_t>(item)]; }

  const ClusterResult& result_;
  const std::vector<FileStamp>& seen_;
  Spellings spellings_;
  std::unordered_map<std::string, std::int64_t> sources_;
  std::unordered_map<std::string, std::int64_t> places_;
  MovePlan plan_;
};

/// Moves one file; gives the reason when it stays where it is.
std::string move_one(const fs::path& folder, const PlannedMove& move, const fs::path& temporary,
                     const Cancellation& cancellation) {
  try {
    if (report::stamp_of(move.source) != move.stamp) {
      return report::stands(move.source) ? "has changed since it was listed" : "No such file or directory";
    }
    const fs::path target = folder / move.destination;
    report::make_folders(target.parent_path());
    report::move_file(move.source, target, temporary, report::Carry::rename, cancellation);
    return {};
  } catch (const fs::filesystem_error& error) {
    return error.code().message();
  } catch (const Error& error) {
    if (error.code() == ErrorCode::cancelled || error.code() == ErrorCode::internal) throw;
    return error.what();
  }
}

}  // namespace

std::vector<FileStamp> stamp_files(const Catalogue& catalogue) {
  std::vector<FileStamp> stamps;
  stamps.reserve(catalogue.ids.size());
  for (std::int64_t item = 0; item < catalogue.size(); ++item) {
    try {
      stamps.push_back(report::stamp_of(catalogue.file(item)));
    } catch (const fs::filesystem_error&) {
      stamps.emplace_back();  // reading it will say why
    }
  }
  return stamps;
}

MovePlan plan_moves(const ClusterResult& result, const std::vector<FileStamp>& seen) {
  ensure(result.catalogue.has_files && std::ssize(seen) == result.catalogue.size(),
         "moving needs files that were seen");
  Planner planner(result, seen);
  for (std::int64_t row = 0; row < result.clustering.num_items(); ++row) planner.add(row);
  return planner.take();
}

void write_move_plan(const fs::path& folder, const MovePlan& plan) {
  AtomicFile table(folder / report::kMovesName);
  table.write("source,destination,bytes,modified_ns\n");
  for (const auto& move : plan.moves) {
    table.write(concat(csv_field(move.source.native()), ",", csv_field(move.destination.native()), ",",
                       move.stamp.bytes, ",", move.stamp.modified_ns, "\n"));
  }
  table.commit();
  AtomicFile journal(folder / report::kJournalName);
  journal.write(report::MoveJournal::first_line(report::read_moves(folder)));
  journal.commit();
  sync_folder(folder);
}

std::vector<ItemError> move_files(const fs::path& folder, const ClusterResult& result, const MovePlan& plan,
                                  const Context& context) {
  sync_folder(folder.parent_path());  // the folder's new name, too, is on the disk before anything goes into it
  const report::MoveTable table = report::read_moves(folder);
  ensure(table.rows.size() == plan.moves.size(), "the plan was not written into this folder");
  report::MoveJournal journal(folder, table, report::MoveJournal::Access::write);
  std::vector<ItemError> errors = plan.refused;
  ProgressPhase phase(context.progress, "moving", std::ssize(plan.moves), "files");
  std::int64_t num_moved = 0;
  try {
    for (std::size_t k = 0; k < plan.moves.size(); ++k) {
      context.cancellation.check();
      const PlannedMove& move = plan.moves[k];
      const auto row = static_cast<std::int64_t>(k);
      const auto temporary = table.temporary((folder / move.destination).parent_path(), row);
      if (const auto reason = move_one(folder, move, temporary, context.cancellation); !reason.empty()) {
        errors.push_back({move.item, reason});
      } else {
        journal.set_moved(row);
        ++num_moved;
      }
      phase.advance(1);
    }
  } catch (const Error& error) {
    if (num_moved == 0) throw;
    throw Error(error.code(),
                concat(error.what(), "; ", num_moved, " of ", plan.moves.size(), " files are moved (simile undo ",
                       in_quotes(folder.native()), " takes them back)"));
  }
  journal.sync();
  std::sort(errors.begin(), errors.end(), [](const ItemError& a, const ItemError& b) { return a.item < b.item; });
  report::write_transfer_errors(folder, result.catalogue, errors);
  return errors;
}

}  // namespace simile
