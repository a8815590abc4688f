// SPDX-License-Identifier: Apache-2.0
#include "report/move_journal.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <string_view>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/move_file.hpp"

#include "simile/core/atomic_file.hpp"
#include "simile/core/csv.hpp"
#include "simile/core/error.hpp"
#include "simile/core/sha256.hpp"
#include "simile/core/text.hpp"

namespace simile::report {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kTagLength = 16;
constexpr std::int64_t kMaxJournalBytes = 8LL << 30;

std::int64_t parse_count(const std::string& text) {
  std::int64_t value = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw Error(ErrorCode::decode, concat(in_quotes(text), " is no whole number"));
  }
  return value;
}

/// "results/cluster_0/a.jpg", and nothing that leads anywhere else.
bool is_below_results(const fs::path& path) {
  const std::string& text = path.native();
  return text.starts_with("results/") && text.find('\0') == std::string::npos && path.has_filename() &&
         std::none_of(path.begin(), path.end(), [](const fs::path& part) { return part == ".." || part == "."; });
}

MoveRow parse_row(const std::vector<std::string>& fields) {
  MoveRow row{fields[0], fields[1], parse_count(fields[2]), parse_count(fields[3])};
  if (!row.source.is_absolute() || !row.source.has_filename() || fields[0].find('\0') != std::string::npos) {
    throw Error(ErrorCode::decode, concat("source ", in_quotes(fields[0]), " is no absolute path of a file"));
  }
  if (!is_below_results(row.destination)) {
    throw Error(ErrorCode::decode, concat("destination ", in_quotes(fields[1]), " is not below results/"));
  }
  return row;
}

/// Whether the folder's manifest says that files were moved into it.
bool manifest_knows_moves(const fs::path& folder) {
  std::ifstream file(folder / "manifest.json", std::ios::binary);
  const auto parsed = nlohmann::json::parse(file, nullptr, /*allow_exceptions=*/false);
  return parsed.is_object() && parsed.contains("sha256") && parsed["sha256"].is_object() &&
         parsed["sha256"].contains(kMovesName);
}

}  // namespace

fs::path MoveTable::temporary(const fs::path& folder, std::int64_t k) const {
  return folder / concat(".simile-", tag, "-", k);
}

MoveTable read_moves(const fs::path& folder) {
  const fs::path path = folder / kMovesName;
  const CsvTable table = read_csv(path);
  if (table.header != std::vector<std::string>{"source", "destination", "bytes", "modified_ns"}) {
    throw Error(ErrorCode::decode, concat(in_quotes(path.native()), ": the columns are not those that simile writes"));
  }
  MoveTable moves;
  moves.tag = sha256_of_file(path).substr(0, kTagLength);
  for (std::size_t k = 0; k < table.rows.size(); ++k) {
    try {
      moves.rows.push_back(parse_row(table.rows[k]));
    } catch (const Error& error) {
      throw Error(error.code(), concat(in_quotes(path.native()), ", row ", k + 1, ": ", error.what()));
    }
  }
  return moves;
}

bool holds_moved_originals(const fs::path& folder) {
  if (!stands(folder / "results")) return false;
  if (!stands(folder / kMovesName)) return stands(folder / kJournalName) || manifest_knows_moves(folder);
  try {
    const auto moves = read_moves(folder);
    return std::any_of(moves.rows.begin(), moves.rows.end(),
                       [&](const MoveRow& row) { return stands(folder / row.destination); });
  } catch (const Error&) {
    return true;
  }
}

std::string MoveJournal::first_line(const MoveTable& table) { return concat("simile moves 1 ", table.tag, '\n'); }

MoveJournal::MoveJournal(const fs::path& folder, const MoveTable& table, Access access)
    : path_(folder / kJournalName), head_(first_line(table)), moved_(table.rows.size(), false) {
  if (access == Access::read && !stands(path_)) return;
  try {
    open(folder, access);
    read(read_file(path_, kMaxJournalBytes), access);
  } catch (...) {
    if (descriptor_ >= 0) ::close(descriptor_);
    throw;
  }
}

MoveJournal::~MoveJournal() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void MoveJournal::open(const fs::path& folder, Access access) {
  const int how = access == Access::read ? O_RDONLY : O_RDWR | O_CREAT | O_APPEND;
  descriptor_ = ::open(path_.c_str(), how | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
  if (descriptor_ < 0) throw_system_error(access == Access::read ? "read" : "write", path_);
  if (::flock(descriptor_, (access == Access::read ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0) return;
  if (errno != EWOULDBLOCK) throw_system_error("lock", path_);
  throw Error(ErrorCode::io, concat("another run is moving files of ", in_quotes(folder.native())));
}

void MoveJournal::read(const std::string& text, Access access) {
  if (!text.starts_with(head_)) {
    // An unfinished first line is what a crash leaves of a journal that was just made.
    if (!head_.starts_with(text)) {
      throw Error(ErrorCode::decode, concat(in_quotes(path_.native()), " does not belong to ", kMovesName,
                                            " as it is now; put back the one that was written with it"));
    }
    if (access == Access::write) append(head_.substr(text.size()));
    return;
  }
  std::string_view rest = std::string_view(text).substr(head_.size());
  for (auto end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    const auto space = line.find(' ');
    const std::string_view what = line.substr(0, space);
    std::size_t row = moved_.size();
    if (space != std::string_view::npos) std::from_chars(line.data() + space + 1, line.data() + line.size(), row);
    if (row >= moved_.size() || line != concat(what, ' ', row)) continue;  // a crash cut it short
    if (what == "moved") moved_[row] = true;
    if (what == "undone") moved_[row] = false;
  }
  if (!rest.empty() && access == Access::write) append("\n");
}

void MoveJournal::append(const std::string& line) {
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw_system_error("write", path_);
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

void MoveJournal::set_moved(std::int64_t row) {
  append(concat("moved ", row, '\n'));
  moved_[static_cast<std::size_t>(row)] = true;
}

void MoveJournal::set_undone(std::int64_t row) {
  append(concat("undone ", row, '\n'));
  moved_[static_cast<std::size_t>(row)] = false;
}

void MoveJournal::sync() {
  if (::fsync(descriptor_) != 0) throw_system_error("write", path_);
}

}  // namespace simile::report
