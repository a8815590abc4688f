// SPDX-License-Identifier: Apache-2.0
// LibTorch's layers draw their weights when they are made and cannot be told not to; in C++ there is no meta device by
// default either. What is left is a mode of the dispatcher: a key that this thread sets, under which the two functions
// that draw do nothing and all others pass. LibTorch keeps this key for programs' own modes and sets it nowhere.
#include "model/network/uninitialised.hpp"

#include <optional>

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>
#include <torch/library.h>

namespace simile {
namespace {

constexpr auto kMode = c10::DispatchKey::TESTING_ONLY_GenericMode;

at::Tensor& draw_nothing(at::Tensor& tensor, double, double, std::optional<at::Generator>) { return tensor; }

}  // namespace

Uninitialised::Uninitialised() : guard_(kMode) {}

}  // namespace simile

TORCH_LIBRARY_IMPL(_, TESTING_ONLY_GenericMode, all) { all.fallback(torch::CppFunction::makeFallthrough()); }

TORCH_LIBRARY_IMPL(aten, TESTING_ONLY_GenericMode, functions) {
  functions.impl("uniform_", simile::draw_nothing);
  functions.impl("normal_", simile::draw_nothing);
}
