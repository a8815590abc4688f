// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#if !defined(__x86_64__)
#include <ucontext.h>
#endif

namespace simile::emulator {

/// A place where execution can rest: a stack and the registers that a call preserves. A default one stands for the
/// stack of the calling thread.
class Fiber {
 public:
  Fiber() = default;
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;
  ~Fiber();

  /// Gives it a stack of its own, on which the first switch to it calls entry(argument); entry never returns. `colour`
  /// sets equal places of different stacks apart in the processor's caches.
  void start(void (*entry)(void*), void* argument, unsigned colour);

  /// Rests in `from`, which is where the calling code runs, and goes on in `to`.
  static void change(Fiber& from, Fiber& to);

 private:
  static void first_steps();

  void (*entry_)(void*) = nullptr;
  void* argument_ = nullptr;
  void* mapping_ = nullptr;
#if defined(__x86_64__)
  void* stack_pointer_ = nullptr;
#else
  ucontext_t context_{};
#endif
  // What the sanitizers know of it.
  const void* stack_bottom_ = nullptr;
  std::size_t stack_size_ = 0;
  void* fake_stack_ = nullptr;
  void* thread_sanitizer_fiber_ = nullptr;
};

}  // namespace simile::emulator
