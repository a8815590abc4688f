// SPDX-License-Identifier: Apache-2.0
#pragma once

/// A small emulation of CUDA's runtime on the CPU, so that our .cu sources can be compiled as C++20 (`-x c++`, this
/// folder first among the includes) and run in tests on machines without a GPU. It is for the correctness of kernels
/// and of the host code around them, never for speed, and no part of the product.
///
/// How it works
/// - A thread of a kernel is a fiber (fiber.hpp). All threads of a block run on one thread of the host, which is why
///   `__shared__` is `static thread_local`. Blocks are handed out to SIMILE_EMULATOR_THREADS threads of the host
///   (default 2), so that atomics of different blocks really race (workers.hpp).
/// - Which ready thread of a block runs next is drawn from SIMILE_EMULATOR_SEED, the number of the launch and of the
///   block. Atomics, fences and __ldcg/__stcg may let others go first, too. A fatal message prints the seed; with one
///   host thread a run repeats exactly.
/// - Warps do not run in lockstep: only a barrier or a collective makes threads wait for each other.
/// - Streams are deferred (streams.hpp): work is queued and runs when something synchronises, or, one step each, when
///   a stream or an event is asked whether it is done. What has run by then is not more than was asked for.
/// - Device memory is host memory in blocks of its own (memory.hpp) with a limit, SIMILE_EMULATOR_MEMORY in bytes
///   (default 1 GiB). Fresh and freed memory holds 0xA5; guards around each block are checked when it is freed.
///   Under AddressSanitizer every access beyond a block, after its end of life in the order of its stream, or by the
///   host while nothing runs on the device is reported.
/// - cuda_emulator.hpp is for tests: it sets the limit and counts allocations and launches.
///
/// What it finds: missing barriers (by the random order, and by the garbage in shared memory), barriers that not all
/// threads reach, collectives whose mask is wrong or that read lanes which take no part, all of which end the process
/// with a message that names the threads and the place; copies in the wrong direction or beyond an allocation
/// (cudaErrorInvalidValue); work that was not waited for; parameters that are no bytes; indices out of bounds (with
/// AddressSanitizer); leaks of device memory; what happens when memory runs out; bounds that hold for one order of
/// summation only (cublas_v2.h).
///
/// What it cannot find: anything about time, registers, occupancy or the size of shared memory; bank conflicts and
/// uncoalesced access; errors that need the device's memory model, which is weaker than the host's; the real rounding
/// of tensor cores and of approximate intrinsics; races between plain accesses that the drawn order happens not to
/// show; host code that touches device memory (but for AddressSanitizer: the address space is one); threads that wait
/// for each other by spinning on plain loads (they hang; the test's time limit ends them).
///
/// Not there: <<<>>>, dynamic shared memory, cooperative groups, clusters, textures, managed memory, graphs,
/// __activemask, symbols (cudaMemcpyToSymbol), several devices. Warp-level matrix intrinsics and inline PTX do not
/// compile: sources leave such paths out under SIMILE_CUDA_EMULATED.

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cuda_emulator/qualifiers.h"
//
#include "cuda_emulator/vector_types.h"
//
#include "cuda_emulator/atomics.h"
#include "cuda_emulator/collectives.h"
#include "cuda_emulator/driver_types.h"
#include "cuda_emulator/intrinsics.h"
#include "cuda_emulator/launch.h"
#include "cuda_emulator/rounding.h"
#include "cuda_emulator/runtime_api.h"
