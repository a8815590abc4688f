// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace simile::cuda {

/// Adds every case; `quick`: few small items, where nothing but the results matters.
void register_cases(bool quick);

/// Whether a case gave something else than the CPU, or could not run.
bool any_failed();

}  // namespace simile::cuda
