// SPDX-License-Identifier: Apache-2.0
#include "report/item_errors.hpp"

#include "simile/core/atomic_file.hpp"
#include "simile/core/csv.hpp"
#include "simile/core/text.hpp"

namespace simile::report {

void write_item_errors(const std::filesystem::path& file, const Catalogue& catalogue,
                       const std::vector<ItemError>& errors) {
  AtomicFile table(file);
  table.write("path,reason\n");
  for (const auto& [item, reason] : errors) {
    table.write(concat(csv_field(catalogue.ids[static_cast<std::size_t>(item)]), ",", csv_field(reason), "\n"));
  }
  table.commit();
}

void write_transfer_errors(const std::filesystem::path& folder, const Catalogue& catalogue,
                           const std::vector<ItemError>& errors) {
  if (!errors.empty()) write_item_errors(folder / "transfer_errors.csv", catalogue, errors);
}

}  // namespace simile::report
