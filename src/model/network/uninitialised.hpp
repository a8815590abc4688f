// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <c10/core/impl/LocalDispatchKeySet.h>

namespace simile {

/// While it lives, this thread draws no random numbers: weights of new layers stay as the memory was. For networks
/// whose every weight is read from a file at once (VGG19 draws 144 million of them).
class Uninitialised {
 public:
  Uninitialised();

 private:
  c10::impl::IncludeDispatchKeyGuard guard_;
};

}  // namespace simile
