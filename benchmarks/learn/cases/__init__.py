# SPDX-License-Identifier: Apache-2.0
"""One module a row (or family of rows) of the table; CASES names them by id."""

from cases import autoencoder, embed, finetune, helper, train

CASES = {
    "probe": helper.probe,
    "probe_gpu": helper.probe_gpu,
    "embed": embed.embed,
    "embed_bf16": embed.embed_bf16,
    "embed_files": embed.embed_files,
    "train": train.train,
    "train_files": train.train_files,
    "accuracy": helper.accuracy,
    "few": helper.few,
    "finetune": finetune.finetune,
    "autoencoder": autoencoder.autoencoder,
    "autoencoder_photos": autoencoder.autoencoder_photos,
}
