// SPDX-License-Identifier: Apache-2.0
#include "cli/config_file.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile::cli {
namespace {

std::string trimmed(std::string text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string::npos) return {};
  text = text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
  const bool quoted = text.size() > 1 && text.front() == text.back() && (text.front() == '"' || text.front() == '\'');
  return quoted ? text.substr(1, text.size() - 2) : text;
}

class ConfigReader {
 public:
  ConfigReader(std::string file, std::string text) : file_(std::move(file)), text_(std::move(text)) {}

  std::vector<ConfigLine> read() {
    std::vector<ConfigLine> lines;
    std::string section;
    for (skip(true); at_ < text_.size(); skip(true)) {
      const int line = line_;
      if (text_[at_] == '[') {
        section = read_section();
        lines.push_back({section, {}, {}, line});
      } else {
        const std::string name = read_name();
        lines.push_back({section, name, read_values(), line});
      }
      skip(false);
      if (at_ < text_.size() && text_[at_] != '\n') fail(concat(in_quotes(rest_of_line()), " is not expected here"));
    }
    return lines;
  }

 private:
  [[noreturn]] void fail(const std::string& message) const { throw_config_error(file_, line_, message); }

  std::string rest_of_line() const {
    constexpr std::size_t kShown = 40;
    return text_.substr(at_, std::min(text_.find_first_of("\r\n", at_) - at_, kShown));
  }

  /// Passes over blanks and comments, and over ends of lines if wanted.
  void skip(bool lines) {
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '#') at_ = std::min(text_.find('\n', at_), text_.size()) - 1;
      if (c == '#' || c == ' ' || c == '\t' || c == '\r') continue;
      if (c != '\n' || !lines) return;
      ++line_;
    }
  }

  std::string read_section() {
    const auto end = text_.find_first_of("]\n", at_);
    if (end == std::string::npos || text_[end] == '\n') fail(concat(in_quotes(rest_of_line()), " lacks its ]"));
    const std::string name = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return trimmed(name);
  }

  std::string read_name() {
    const auto end = text_.find_first_of("=\n", at_);
    if (end == std::string::npos || text_[end] == '\n') {
      fail(concat(in_quotes(rest_of_line()), " is no setting: write name = value"));
    }
    const std::string name = text_.substr(at_, end - at_);
    at_ = end + 1;
    skip(false);
    return trimmed(name);
  }

  std::vector<std::string> read_values() {
    if (at_ == text_.size() || text_[at_] != '[') return {read_value()};
    std::vector<std::string> values;
    for (++at_, skip(true); at_ < text_.size() && text_[at_] != ']'; skip(true)) {
      values.push_back(read_value());
      skip(true);
      if (at_ < text_.size() && text_[at_] == ',') {
        ++at_;
      } else if (at_ < text_.size() && text_[at_] != ']') {
        fail("a list needs a comma between its values");
      }
    }
    if (at_ == text_.size()) fail("a list lacks its ]");
    ++at_;
    return values;
  }

  std::string read_value() {
    if (at_ < text_.size() && (text_[at_] == '"' || text_[at_] == '\'')) return read_text(text_[at_]);
    const auto end = std::min(text_.find_first_of(" \t\r\n#,]", at_), text_.size());
    if (end == at_) fail("a value is missing");
    const std::string value = text_.substr(at_, end - at_);
    at_ = end;
    return value;
  }

  std::string read_text(char quote) {
    std::string value;
    for (++at_; at_ < text_.size() && text_[at_] != '\n'; ++at_) {
      if (text_[at_] == quote) {
        ++at_;
        return value;
      }
      if (text_[at_] == '\\' && quote == '"') {
        ++at_;
        if (at_ == text_.size() || (text_[at_] != '"' && text_[at_] != '\\')) {
          fail("after \\ only \" and \\ are known (texts in '...' are taken as they are)");
        }
      }
      value += text_[at_];
    }
    fail("a text lacks its closing quote");
  }

  std::string file_;
  std::string text_;
  std::size_t at_ = 0;
  int line_ = 1;
};

}  // namespace

std::vector<ConfigLine> read_config(const std::string& file) {
  const auto refuse = [&](const char* why) {
    throw Error(ErrorCode::invalid_argument, concat("--config ", in_quotes(file), ": ", why));
  };
  std::error_code ignored;
  const auto status = std::filesystem::status(file, ignored);
  if (!std::filesystem::exists(status)) refuse("no such file");
  if (std::filesystem::is_directory(status)) refuse("is a folder");
  std::ifstream stream(file, std::ios::binary);
  if (!stream) refuse("cannot be read");
  return ConfigReader(file, {std::istreambuf_iterator<char>(stream), {}}).read();
}

void throw_config_error(const std::string& file, int line, const std::string& message) {
  throw Error(ErrorCode::invalid_argument, concat("config file ", in_quotes(file), ", line ", line, ": ", message));
}

}  // namespace simile::cli
