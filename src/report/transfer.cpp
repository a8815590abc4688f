// SPDX-License-Identifier: Apache-2.0
#include "simile/report/transfer.hpp"

#include "report/item_errors.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;

void transfer_one(const fs::path& source, const fs::path& target, Transfer transfer) {
  fs::create_directories(target.parent_path());
  if (transfer == Transfer::link) {
    (void)fs::file_size(source);  // throws: a link to nothing would hide that the original has gone
    fs::create_symlink(fs::absolute(source), target);
  } else {
    fs::copy_file(source, target);
  }
}

}  // namespace

Transfer parse_transfer(std::string_view text) {
  std::string allowed;
  for (std::size_t k = 0; k < kTransferNames.size(); ++k) {
    if (text == kTransferNames[k]) return static_cast<Transfer>(k);
    allowed += concat(k == 0 ? "" : ", ", kTransferNames[k]);
  }
  throw Error(ErrorCode::invalid_argument, concat("--transfer ", in_quotes(text), ": allowed are ", allowed));
}

fs::path transfer_path(const std::string& id) {
  fs::path safe;
  for (const auto& part : fs::path(id).relative_path()) safe /= part == ".." ? fs::path("_up") : part;
  return safe;
}

fs::path transfer_place(const ClusterResult& result, std::int64_t row) {
  const std::int64_t cluster = result.clustering.cluster[static_cast<std::size_t>(row)];
  const std::string group = cluster == kOutlier ? "outliers" : concat("cluster_", cluster);
  return fs::path("results") / group / transfer_path(result.id(row));
}

std::vector<ItemError> transfer_files(const fs::path& folder, const ClusterResult& result, Transfer transfer,
                                      const Context& context) {
  std::vector<ItemError> errors;
  if (transfer == Transfer::none || transfer == Transfer::move) return errors;
  ProgressPhase phase(context.progress, transfer == Transfer::copy ? "copying" : "linking",
                      result.clustering.num_items(), "files");
  for (std::int64_t row = 0; row < result.clustering.num_items(); ++row) {
    context.cancellation.check();
    const std::int64_t item = result.items[static_cast<std::size_t>(row)];
    try {
      transfer_one(result.catalogue.file(item), folder / transfer_place(result, row), transfer);
    } catch (const fs::filesystem_error& error) {
      if (error.code() == std::errc::no_space_on_device || error.code() == std::errc::read_only_file_system) {
        throw Error(ErrorCode::io, concat("cannot transfer ", in_quotes(result.id(row)), ": ", error.code().message()));
      }
      errors.push_back({item, error.code().message()});
    }
    phase.advance(1);
  }
  report::write_transfer_errors(folder, result.catalogue, errors);
  return errors;
}

}  // namespace simile
