// SPDX-License-Identifier: Apache-2.0
#include "image/glob.hpp"

#include <algorithm>

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/image/catalogue.hpp"

namespace simile {
namespace {

std::size_t index_of(char byte) { return static_cast<unsigned char>(byte); }

/// The set at the start of `rest`, which is taken off: `[` an optional `!` or `^`, bytes and ranges, `]`.
std::bitset<256> take_set(std::string_view& rest, std::string_view glob) {
  // A bracket that comes first is a member, so the closing one is looked for after it.
  const bool negated = rest.size() > 1 && (rest[1] == '!' || rest[1] == '^');
  const std::size_t start = negated ? 2 : 1;
  const auto end = rest.find(']', start + 1);
  if (end == std::string_view::npos) {
    throw Error(ErrorCode::invalid_argument, concat("glob ", in_quotes(glob), ": a '[' without its ']'"));
  }
  const auto members = rest.substr(start, end - start);
  std::bitset<256> set;
  for (std::size_t k = 0; k < members.size(); ++k) {
    const bool range = k + 2 < members.size() && members[k + 1] == '-';
    const auto last = index_of(members[range ? k + 2 : k]);
    for (auto byte = index_of(members[k]); byte <= last; ++byte) set.set(byte);
    if (range) k += 2;
  }
  if (negated) set.flip();
  set.reset('/');
  rest.remove_prefix(end + 1);
  return set;
}

}  // namespace

Glob::Glob(std::string_view glob) : name_only_(glob.find('/') == std::string_view::npos) {
  if (glob.empty()) throw Error(ErrorCode::invalid_argument, "an empty glob matches nothing");
  std::string_view rest = glob;
  bool at_part_start = true;
  const auto take = [&](std::size_t count, Kind kind, std::bitset<256> bytes = {}) {
    tokens_.push_back({kind, bytes});
    rest.remove_prefix(count);
  };
  while (!rest.empty()) {
    const char first = rest.front();
    if (at_part_start && rest.starts_with("**/")) {
      take(3, Kind::some_parts);
      continue;
    }
    at_part_start = first == '/';
    if (rest.starts_with("**")) {
      take(2, Kind::across);
    } else if (first == '*') {
      take(1, Kind::many);
    } else if (first == '?') {
      take(1, Kind::one_of, std::bitset<256>().set().reset('/'));
    } else if (first == '[') {
      const auto set = take_set(rest, glob);
      take(0, Kind::one_of, set);
    } else {
      take(1, Kind::one_of, std::bitset<256>().set(index_of(first)));
    }
  }
}

bool Glob::matches(std::string_view path) const {
  if (name_only_) path.remove_prefix(path.rfind('/') + 1);
  const auto count = tokens_.size();
  // active[k]: the tokens before k can match what has been read so far.
  std::vector<char> active(count + 1, 0);
  std::vector<char> next(count + 1, 0);
  const auto close = [&](std::vector<char>& states) {
    for (std::size_t k = 0; k < count; ++k) {
      if (states[k] != 0 && tokens_[k].kind != Kind::one_of) states[k + 1] = 1;
    }
  };
  active[0] = 1;
  close(active);
  // some_parts that has begun, but not yet at a slash: kept apart, for only a slash may end it.
  std::vector<char> inside(count + 1, 0);
  for (const char byte : path) {
    std::fill(next.begin(), next.end(), char{0});
    for (std::size_t k = 0; k < count; ++k) {
      const auto& token = tokens_[k];
      switch (token.kind) {
        case Kind::one_of:
          if (active[k] != 0 && token.bytes[index_of(byte)]) next[k + 1] = 1;
          break;
        case Kind::many:
          if (active[k] != 0 && byte != '/') next[k] = 1;
          break;
        case Kind::across:
          if (active[k] != 0) next[k] = 1;
          break;
        case Kind::some_parts:
          inside[k] = static_cast<char>(active[k] != 0 || inside[k] != 0);
          if (inside[k] != 0 && byte == '/') next[k] = 1;
          break;
      }
    }
    close(next);
    std::swap(active, next);
  }
  return active[count] != 0;
}

bool glob_match(const std::string& glob, const std::string& path) { return Glob(glob).matches(path); }

}  // namespace simile
