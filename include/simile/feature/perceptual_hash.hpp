// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "simile/core/array.hpp"
#include "simile/core/view.hpp"

namespace simile {

/// Perceptual hashes, as ImageHash 4.3 computes them (docs/definitions.md).
enum class HashKind { ahash, dhash, phash };

std::string_view to_string(HashKind kind);

/// Side of the grid of bits that a hash may have.
inline constexpr int kMinHashSize = 8;
inline constexpr int kMaxHashSize = 64;

/// Bits of a hash: hash_size squared.
std::int64_t hash_bits(int hash_size);
/// Bytes of a hash: hash_bits / 8, rounded up.
std::int64_t hash_bytes(int hash_size);

/// Hash of a grey image [height, width] (grey of the full decode, before any resizing): hash_bytes(hash_size) bytes,
/// row-major, most significant bit first (as numpy.packbits), padding bits 0.
/// - ahash: hash_size x hash_size LANCZOS resize; bit = pixel > mean.
/// - dhash: (hash_size + 1) x hash_size resize; bit = right pixel > its left neighbour.
/// - phash: 4 hash_size x 4 hash_size resize, two-dimensional DCT-II, the hash_size x hash_size lowest frequencies;
///   bit = coefficient > their median.
/// Deterministic, the same on every machine. Throws invalid_argument for hash_size outside [8, 64] or an empty image.
std::vector<std::uint8_t> perceptual_hash(View<const std::uint8_t, 2> grey, HashKind kind, int hash_size);

/// Pillow's LANCZOS resize of an 8-bit grey image, bit for bit: support 3 x max(scale, 1), weights normalised and
/// rounded to 22 bits, horizontal then vertical pass, 8-bit intermediate.
Array<std::uint8_t, 2> lanczos_resize(View<const std::uint8_t, 2> grey, std::int64_t width_px, std::int64_t height_px);

}  // namespace simile
