# SPDX-License-Identifier: Apache-2.0
"""One module a row (or family of rows) of the table; CASES names them by id."""

from cases import embed, helper

CASES = {
    "embed": embed.embed,
    "embed_bf16": embed.embed_bf16,
    "embed_files": embed.embed_files,
    "probe": helper.probe,
    "accuracy": helper.accuracy,
    "few": helper.few,
}
