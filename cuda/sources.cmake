# SPDX-License-Identifier: Apache-2.0
# The sources of libsimile_cuda, for its own build and for the tests that run them on the CPU.
set(simile_cuda_sources
  core/check.cpp core/gpu.cpp core/uploader.cpp
  similarity/backend.cu similarity/codes.cu similarity/colour.cu similarity/comparison.cu similarity/descriptors.cu
  similarity/edge_components.cu
  similarity/fused/byte_rows.cu similarity/fused/choose.cu similarity/fused/fused_components.cu
  similarity/fused/orthonormal.cpp similarity/fused/plain_scorer.cu similarity/fused/rejects.cu
  similarity/fused/short_rows.cu
  similarity/memory_plan.cpp similarity/signatures.cu similarity/sink_driver.cu
  similarity/sinks/collect.cu similarity/sinks/components.cu similarity/sinks/forest.cu similarity/sinks/histogram.cu
  similarity/sinks/row_sums.cu similarity/sinks/top_k.cu
  similarity/ssim/grey.cu similarity/vector_block.cu similarity/vectors.cu)
list(TRANSFORM simile_cuda_sources PREPEND ${CMAKE_CURRENT_LIST_DIR}/)
