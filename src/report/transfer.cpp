// SPDX-License-Identifier: Apache-2.0
#include "simile/report/transfer.hpp"

#include "simile/core/atomic_file.hpp"
#include "simile/core/csv.hpp"
#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;

void transfer_one(const fs::path& source, const fs::path& target, Transfer transfer) {
  fs::create_directories(target.parent_path());
  if (transfer == Transfer::link) {
    fs::create_symlink(fs::absolute(source), target);
  } else {
    fs::copy_file(source, target);
  }
}

}  // namespace

Transfer parse_transfer(std::string_view text) {
  if (text == "none") return Transfer::none;
  if (text == "copy") return Transfer::copy;
  if (text == "link") return Transfer::link;
  throw Error(ErrorCode::invalid_argument, concat("--transfer ", in_quotes(text), ": allowed are none, copy, link"));
}

fs::path transfer_path(const std::string& id) {
  fs::path safe;
  for (const auto& part : fs::path(id).relative_path()) safe /= part == ".." ? fs::path("_up") : part;
  return safe;
}

std::vector<ItemError> transfer_files(const fs::path& folder, const ClusterResult& result, Transfer transfer,
                                      const Context& context) {
  std::vector<ItemError> errors;
  if (transfer == Transfer::none) return errors;
  ProgressPhase phase(context.progress, transfer == Transfer::copy ? "copying" : "linking",
                      result.clustering.num_items(), "files");
  for (std::int64_t row = 0; row < result.clustering.num_items(); ++row) {
    context.cancellation.check();
    const std::int64_t cluster = result.clustering.cluster[static_cast<std::size_t>(row)];
    const std::int64_t item = result.items[static_cast<std::size_t>(row)];
    const std::string group = cluster == kOutlier ? "outliers" : concat("cluster_", cluster);
    try {
      transfer_one(result.catalogue.file(item), folder / "results" / group / transfer_path(result.id(row)), transfer);
    } catch (const fs::filesystem_error& error) {
      if (error.code() == std::errc::no_space_on_device || error.code() == std::errc::read_only_file_system) {
        throw Error(ErrorCode::io, concat("cannot transfer ", in_quotes(result.id(row)), ": ", error.code().message()));
      }
      errors.push_back({item, error.code().message()});
    }
    phase.advance(1);
  }
  if (errors.empty()) return errors;
  AtomicFile file(folder / "transfer_errors.csv");
  file.write("path,reason\n");
  for (const auto& [item, reason] : errors) {
    file.write(concat(csv_field(result.catalogue.ids[static_cast<std::size_t>(item)]), ",", csv_field(reason), "\n"));
  }
  file.commit();
  return errors;
}

}  // namespace simile
