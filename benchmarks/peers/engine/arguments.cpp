// SPDX-License-Identifier: Apache-2.0
#include <charconv>

#include "work.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile::bench {
namespace {

template <class Number>
Number parse(const std::string& name, const std::string& text) {
  Number value{};
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  if (error != std::errc() || end != last) {
    throw Error(ErrorCode::invalid_argument, concat(name, "=", in_quotes(text), " is no number"));
  }
  return value;
}

}  // namespace

Arguments::Arguments(std::string_view parts) {
  for_each_part(parts, '\t', [this](std::string_view part) {
    const auto equals = part.find('=');
    if (equals == std::string_view::npos) {
      throw Error(ErrorCode::invalid_argument, concat(in_quotes(part), " is not of the form name=value"));
    }
    parts_.emplace(part.substr(0, equals), part.substr(equals + 1));
  });
}

const std::string& Arguments::text(const std::string& name) const {
  const auto found = parts_.find(name);
  if (found == parts_.end()) throw Error(ErrorCode::invalid_argument, concat(name, "= is missing"));
  return found->second;
}

std::string Arguments::text(const std::string& name, const std::string& otherwise) const {
  const auto found = parts_.find(name);
  return found == parts_.end() ? otherwise : found->second;
}

std::int64_t Arguments::integer(const std::string& name, std::int64_t otherwise) const {
  return parts_.contains(name) ? parse<std::int64_t>(name, text(name)) : otherwise;
}

double Arguments::number(const std::string& name) const { return parse<double>(name, text(name)); }

}  // namespace simile::bench
