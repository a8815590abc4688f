# SPDX-License-Identifier: Apache-2.0
"""One module a row (or family of rows) of the table; CASES names them by id."""

from cases import cosine, decode, hamming, minhash, orb, ssim, template, topk

CASES = {
    "ssim64": ssim.ssim64,
    "ssim256": ssim.ssim256,
    "ssim_exit": ssim.ssim_exit,
    "cosine": cosine.cosine,
    "hamming64": hamming.hamming64,
    "hamming256": hamming.hamming256,
    "template": template.template,
    "orb": orb.orb,
    "minhash": minhash.minhash,
    "topk": topk.topk,
    "decode": decode.decode,
}
