// SPDX-License-Identifier: Apache-2.0
#include "train/torch/host_tensor.hpp"

#include <cstring>
#include <utility>

#include <ATen/ATen.h>

#include "model/network/architecture.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

TensorType type_of(const at::Tensor& tensor) {
  ensure(tensor.scalar_type() == at::kFloat || tensor.scalar_type() == at::kLong, "a tensor of another type");
  return tensor.scalar_type() == at::kFloat ? TensorType::float32 : TensorType::int64;
}

}  // namespace

HostTensor host_tensor(std::string name, const at::Tensor& tensor) {
  HostTensor copy{std::move(name), type_of(tensor), tensor.sizes().vec(), {}};
  const at::Tensor values = tensor.detach().to(at::kCPU).contiguous();
  copy.bytes.resize(static_cast<std::size_t>(values.numel()) * values.element_size());
  std::memcpy(copy.bytes.data(), values.data_ptr(), copy.bytes.size());
  return copy;
}

std::vector<HostTensor> host_tensors(const NetworkModule& network, const std::string& prefix) {
  std::vector<HostTensor> all;
  for (const auto& each : network.named_parameters()) all.push_back(host_tensor(prefix + each.key(), each.value()));
  for (const auto& each : network.named_buffers()) all.push_back(host_tensor(prefix + each.key(), each.value()));
  return all;
}

void read_tensor(const SafetensorsFile& file, const std::string& name, const at::Tensor& target) {
  const TensorInfo* const found = file.find(name);
  if (found == nullptr || found->type != type_of(target) || found->shape != target.sizes().vec()) {
    throw Error(ErrorCode::model,
                concat(in_quotes(file.path().native()), " does not fit this network: ", in_quotes(name),
                       found == nullptr ? " is missing" : " has another shape or type"));
  }
  const at::Tensor values = at::empty(target.sizes(), target.options().device(at::kCPU), at::MemoryFormat::Contiguous);
  file.read(*found, values.data_ptr());
  target.copy_(values);
}

}  // namespace simile
