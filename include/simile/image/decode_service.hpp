// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace simile {

/// The one argument with which Context::decode_worker is started.
inline constexpr std::string_view kDecodeWorkerArgument = "--decode-worker";

/// What main() of that program returns: decodes what the process that started this one sends through standard input,
/// until that one closes it or ends. Limits this process's memory and time to what each image may take; call it before
/// anything else. A program may be its own worker:
///
///     if (argc == 2 && argv[1] == simile::kDecodeWorkerArgument) return simile::serve_decoding();
///
/// The program that starts it must not ignore SIGCHLD, nor have others wait for its children: it may have inherited
/// that, so main() calls std::signal(SIGCHLD, SIG_DFL) first.
int serve_decoding();

}  // namespace simile
