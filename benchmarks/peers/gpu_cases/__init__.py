# SPDX-License-Identifier: Apache-2.0
"""One module a family of rows of the GPU table; CASES names them by id, in the order in which they run: the long ones last."""

from gpu_cases import ceilings, components, cosine, hamming, orb, ssim, topk

CASES = {
    "ceiling": ceilings.ceiling,
    "cosine_100k": cosine.cosine_100k,
    "ssim64_2500": ssim.ssim64_2500,
    "ssim_exit": ssim.ssim_exit,
    "hamming256": hamming.hamming256,
    "orb": orb.orb,
    "topk": topk.topk,
    "components": components.components,
    "ssim256_2500": ssim.ssim256_2500,
    "cosine_1m": cosine.cosine_1m,
    "ssim64_20000": ssim.ssim64_20000,
    "hamming4096": hamming.hamming4096,
    "ssim256_20000": ssim.ssim256_20000,
}
