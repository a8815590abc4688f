// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "simile/report/html_report.hpp"

namespace simile {

/// A page of search results: one self-contained HTML file without a script. Each group of the model is a query, the
/// query itself first, then what was found for it, most alike first; `title` names what was searched. Text from outside
/// is escaped.
std::string search_page(const ReportModel& model);

}  // namespace simile
