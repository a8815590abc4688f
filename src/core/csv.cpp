// SPDX-License-Identifier: Apache-2.0
#include "simile/core/csv.hpp"

#include <algorithm>
#include <utility>

#include "simile/core/atomic_file.hpp"
#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

constexpr std::int64_t kMaxCsvBytes = 8LL << 30;

/// Reads records one after the other.
class CsvReader {
 public:
  CsvReader(std::string_view text, char separator) : text_(text), separator_(separator) {}

  bool at_end() const { return position_ == text_.size(); }
  std::int64_t line() const { return record_line_; }

  std::vector<std::string> record() {
    record_line_ = line_;
    std::vector<std::string> fields;
    for (;;) {
      fields.push_back(peek() == '"' ? quoted_field() : plain_field());
      if (at_end()) return fields;
      const char end = text_[position_++];
      if (end == separator_) continue;
      if (end == '\r' && peek() == '\n') ++position_;
      ++line_;
      return fields;
    }
  }

 private:
  char peek() const { return at_end() ? '\0' : text_[position_]; }
  bool ends_field(char character) const { return character == separator_ || character == '\n' || character == '\r'; }

  std::string plain_field() {
    const std::size_t start = position_;
    while (!at_end() && !ends_field(text_[position_])) ++position_;
    return std::string(text_.substr(start, position_ - start));
  }

  std::string quoted_field() {
    std::string field;
    ++position_;
    for (;;) {
      if (at_end()) throw Error(ErrorCode::decode, concat("line ", record_line_, ": a quoted field has no end"));
      const char character = text_[position_++];
      if (character == '"' && peek() != '"') break;
      if (character == '"') ++position_;
      if (character == '\n') ++line_;
      field += character;
    }
    if (!at_end() && !ends_field(text_[position_])) {
      throw Error(ErrorCode::decode, concat("line ", line_, ": text after a closing quote"));
    }
    return field;
  }

  std::string_view text_;
  char separator_;
  std::size_t position_ = 0;
  std::int64_t line_ = 1;
  std::int64_t record_line_ = 1;
};

/// A semicolon when the header has some outside quotes, and no comma there.
char separator_of(std::string_view text) {
  bool in_quotes = false;
  bool semicolons = false;
  for (const char character : text) {
    if (character == '"') in_quotes = !in_quotes;
    if (in_quotes) continue;
    if (character == ',') return ',';
    if (character == '\n' || character == '\r') break;
    semicolons = semicolons || character == ';';
  }
  return semicolons ? ';' : ',';
}

}  // namespace

std::size_t CsvTable::column(std::string_view name) const {
  const auto found = std::find(header.begin(), header.end(), name);
  if (found != header.end()) return static_cast<std::size_t>(found - header.begin());
  std::string known;
  for (const auto& title : header) known += concat(known.empty() ? "" : ", ", in_quotes(title));
  throw Error(ErrorCode::invalid_argument, concat("no column ", in_quotes(name), "; there are ", known));
}

CsvTable parse_csv(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  CsvTable table;
  if (text.empty()) throw Error(ErrorCode::decode, "no header row");
  CsvReader reader(text, separator_of(text));
  table.header = reader.record();
  while (!reader.at_end()) {
    auto fields = reader.record();
    if (fields.size() == 1 && fields[0].empty() && table.header.size() != 1) continue;  // an empty line
    if (fields.size() != table.header.size()) {
      throw Error(ErrorCode::decode, concat("line ", reader.line(), ": ", fields.size(),
                                            " fields where the header has ", table.header.size()));
    }
    table.rows.push_back(std::move(fields));
  }
  return table;
}

CsvTable read_csv(const std::filesystem::path& path) {
  const std::string text = read_file(path, kMaxCsvBytes);
  try {
    return parse_csv(text);
  } catch (const Error& error) {
    throw Error(error.code(), concat(in_quotes(path.native()), ": ", error.what()));
  }
}

std::string csv_field(std::string_view field) {
  const bool plain = field.find_first_of(",\"\r\n;") == std::string_view::npos &&
                     (field.empty() || (field.front() != ' ' && field.back() != ' '));
  if (plain) return std::string(field);
  std::string out = "\"";
  for (const char character : field) {
    if (character == '"') out += '"';
    out += character;
  }
  out += '"';
  return out;
}

}  // namespace simile
