// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace simile {

/// A CSV table (RFC 4180 with a header row). Raw bytes are kept. Read leniently: byte order mark, CRLF, a last line
/// without line end; the separator is a semicolon when the header has semicolons and no comma.
struct CsvTable {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;  ///< each as long as the header

  /// Position of the column; throws invalid_argument naming the columns there are.
  std::size_t column(std::string_view name) const;
};

/// Throws decode naming the line for an unfinished quote, text after a closing quote, or a row of another length.
CsvTable parse_csv(std::string_view text);
/// Parses a file; throws as read_file() and parse_csv(), naming the file.
CsvTable read_csv(const std::filesystem::path& path);

/// `field` as it stands in a CSV row: quoted when it holds a comma, quote, line break, or a leading or trailing blank.
std::string csv_field(std::string_view field);

}  // namespace simile
