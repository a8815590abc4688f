// SPDX-License-Identifier: Apache-2.0
// make_weights ARCHITECTURE FILE: weights made by name, for tests of programs that do not see LibTorch.
#include "model/made_weights.hpp"
#include "train/torch/host_tensor.hpp"

#include "simile/train/training_state.hpp"

int main(int count, char** arguments) {
  if (count != 3) return 2;
  const auto network = simile::make_architecture(arguments[1]);
  simile::test::make_weights(*network);
  simile::write_tensors(arguments[2], simile::host_tensors(*network, ""));
}
