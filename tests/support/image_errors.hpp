// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include <gmock/gmock.h>

#include "simile/core/error.hpp"

namespace simile::test {

/// The Error that `call` throws; nothing when it throws none.
template <class Call>
std::optional<Error> error_of(Call&& call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  return std::nullopt;
}

MATCHER_P2(IsError, code, text, "an Error " + std::string(to_string(code)) + " that says '" + text + "'") {
  if (!arg) {
    *result_listener << "nothing was thrown";
    return false;
  }
  *result_listener << to_string(arg->code()) << ": " << arg->what();
  return arg->code() == code && std::string(arg->what()).find(text) != std::string::npos;
}

}  // namespace simile::test
