// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "support/image_files.hpp"

namespace simile::test {

/// The file with an order to the fake decoder behind its last byte, where real decoders of TIFF do not look:
/// hang[:FILE]        never answers; first writes its process id to FILE
/// crash, abort       ends by the signal
/// exit               ends with code 3
/// crash-if-used      ends by a signal unless this is the process's first image
/// threads            starts one for each processor, beside tables of 252 MiB
/// eat                allocates until it is refused
/// other-size, negative-size, bytes-without-sense, long-text, endless-text, rude-text   answers what it should not
/// surroundings       an error that tells the process's descriptors, limits and group
File with_order(File file, const std::string& order);

/// serve_decoding() by a decoder that does as it is ordered, and as decode_image() without an order.
int serve_fake_decoding();

}  // namespace simile::test
