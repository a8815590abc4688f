// SPDX-License-Identifier: Apache-2.0
#include "fiber.hpp"

#include <cerrno>
#include <cstdint>
#include <cstring>

#include <sys/mman.h>

#include "fatal.hpp"

#if defined(__SANITIZE_ADDRESS__)
#define SIMILE_WITH_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SIMILE_WITH_ADDRESS_SANITIZER 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define SIMILE_WITH_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SIMILE_WITH_THREAD_SANITIZER 1
#endif
#endif

#ifdef SIMILE_WITH_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef SIMILE_WITH_THREAD_SANITIZER
#include <sanitizer/tsan_interface.h>
#endif

#if defined(__x86_64__)
/// Keeps the registers that a call preserves on the stack, the stack pointer in *save, and goes on from `load`.
extern "C" void simile_emulator_change_stack(void** save, void* load);
__asm__(R"(
.text
.globl simile_emulator_change_stack
.type simile_emulator_change_stack, @function
simile_emulator_change_stack:
  endbr64
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size simile_emulator_change_stack, .-simile_emulator_change_stack
)");
#endif

namespace simile::emulator {
namespace {

constexpr std::size_t kGuardBytes = 4096;
constexpr std::size_t kStackBytes = 256 * 1024;

/// Who switched last and to whom, for the first steps of a fiber.
thread_local Fiber* came_from = nullptr;
thread_local Fiber* goes_to = nullptr;

}  // namespace

Fiber::~Fiber() {
  if (mapping_ == nullptr) return;
#ifdef SIMILE_WITH_ADDRESS_SANITIZER
  __asan_unpoison_memory_region(stack_bottom_, stack_size_);
#endif
#ifdef SIMILE_WITH_THREAD_SANITIZER
  __tsan_destroy_fiber(thread_sanitizer_fiber_);
#endif
  munmap(mapping_, kGuardBytes + kStackBytes);
}

void Fiber::start(void (*entry)(void*), void* argument, unsigned colour) {
  entry_ = entry;
  argument_ = argument;
  // Pages take memory once they are touched; the first one stays forbidden, so that a stack that is too small for a
  // kernel ends in a fault and not in its neighbour.
  mapping_ = mmap(nullptr, kGuardBytes + kStackBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping_ == MAP_FAILED) fail("no memory for the stacks of a block: ", std::strerror(errno));
  char* const bottom = static_cast<char*>(mapping_) + kGuardBytes;
  if (mprotect(bottom, kStackBytes, PROT_READ | PROT_WRITE) != 0) fail("mprotect: ", std::strerror(errno));
  stack_bottom_ = bottom;
  stack_size_ = kStackBytes;
  const std::size_t used = kStackBytes - static_cast<std::size_t>(colour % 32) * 128;
#if defined(__x86_64__)
  // What change_stack takes from the stack: six registers and where to go; entered as by a call, 8 below a multiple of
  // 16.
  auto** const top = reinterpret_cast<void**>(bottom + used);
  top[-1] = nullptr;
  top[-2] = reinterpret_cast<void*>(&Fiber::first_steps);
  for (int i = 3; i <= 8; ++i) top[-i] = nullptr;
  stack_pointer_ = top - 8;
#else
  getcontext(&context_);
  context_.uc_stack.ss_sp = bottom;
  context_.uc_stack.ss_size = used;
  context_.uc_link = nullptr;
  makecontext(&context_, &Fiber::first_steps, 0);
#endif
#ifdef SIMILE_WITH_THREAD_SANITIZER
  thread_sanitizer_fiber_ = __tsan_create_fiber(0);
#endif
}

void Fiber::change(Fiber& from, Fiber& to) {
  came_from = &from;
  goes_to = &to;
#ifdef SIMILE_WITH_ADDRESS_SANITIZER
  __sanitizer_start_switch_fiber(&from.fake_stack_, to.stack_bottom_, to.stack_size_);
#endif
#ifdef SIMILE_WITH_THREAD_SANITIZER
  if (from.thread_sanitizer_fiber_ == nullptr) from.thread_sanitizer_fiber_ = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(to.thread_sanitizer_fiber_, 0);
#endif
#if defined(__x86_64__)
  simile_emulator_change_stack(&from.stack_pointer_, to.stack_pointer_);
#else
  swapcontext(&from.context_, &to.context_);
#endif
#ifdef SIMILE_WITH_ADDRESS_SANITIZER
  __sanitizer_finish_switch_fiber(from.fake_stack_, nullptr, nullptr);
#endif
}

void Fiber::first_steps() {
#ifdef SIMILE_WITH_ADDRESS_SANITIZER
  // The stack of the thread that runs the fibers is told by the first of them that it comes to.
  __sanitizer_finish_switch_fiber(nullptr, &came_from->stack_bottom_, &came_from->stack_size_);
#endif
  Fiber* const self = goes_to;
  self->entry_(self->argument_);
  fail("a fiber's entry returned");
}

}  // namespace simile::emulator
