// SPDX-License-Identifier: Apache-2.0
// The SSIM kernels of this level; included by kernels.inl.

constexpr SsimKernels kSsimKernels = {
    .lefts = kLefts,
    .rights = kRights,
    .left_bytes = left_bytes,
    .right_bytes = right_bytes,
    .scratch_bytes = scratch_bytes,
    .prepare_left = prepare_left,
    .prepare_right = prepare_right,
    .add_sums = add_sums,
    .exact = ssim_exact,
    .pool_image = pool_image,
    .pool_candidates = pool_candidates,
    .pool_deficits = pool_deficits,
};
