// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "simile/train/host_tensor.hpp"

namespace simile {

class NetworkModule;

/// A copy of the tensor's values on the host, row-major. Floats and 64-bit integers only (internal).
HostTensor host_tensor(std::string name, const at::Tensor& tensor);

/// Parameters and buffers, names with the prefix.
std::vector<HostTensor> host_tensors(const NetworkModule& network, const std::string& prefix);

/// Copies the file's tensor into one of the same shape and type. Throws model when it has none such.
void read_tensor(const SafetensorsFile& file, const std::string& name, const at::Tensor& target);

}  // namespace simile
