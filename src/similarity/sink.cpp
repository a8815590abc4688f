// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/sink.hpp"

#include <typeinfo>

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {

void Sink::save(StateWriter& out) {
  out.text(name());
  out.text(identity());
  save_state(out);
}

void Sink::load(StateReader& in) {
  const std::string found_name = in.text();
  const std::string found_identity = in.text();
  if (found_name != name() || found_identity != identity()) {
    throw_bad_state(concat("it holds ", found_name, " (", found_identity, "), not ", name(), " (", identity(), ")"));
  }
  load_state(in);
}

void Sink::merge(const Sink& other, Exact& exact) {
  if (typeid(*this) != typeid(other) || identity() != other.identity()) {
    throw Error(ErrorCode::invalid_argument, concat(other.name(), " (", other.identity(), ") cannot be merged into ",
                                                    name(), " (", identity(), ")"));
  }
  merge_state(other, exact);
}

std::string Sink::sides(const Pairs& pairs) {
  if (pairs.one_set()) return concat("one set of ", pairs.num_left());
  return concat("two sets of ", pairs.num_left(), " and ", pairs.num_right());
}

}  // namespace simile
