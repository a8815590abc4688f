// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "simile/core/error.hpp"

namespace simile {

/// Expects that `action` throws Error with this code and a message that holds `part`.
template <class Action>
void expect_error(ErrorCode code, std::string_view part, Action&& action) {
  try {
    action();
    ADD_FAILURE() << "no error; expected " << to_string(code) << " with '" << part << "'";
  } catch (const Error& error) {
    EXPECT_EQ(to_string(error.code()), to_string(code)) << error.what();
    EXPECT_THAT(std::string(error.what()), testing::HasSubstr(std::string(part)));
  }
}

}  // namespace simile
