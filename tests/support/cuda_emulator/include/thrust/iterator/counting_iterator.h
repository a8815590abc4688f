// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <iterator>

namespace thrust {

/// start, start + 1, ...
template <class T>
class counting_iterator {
 public:
  using iterator_category = std::random_access_iterator_tag;
  using value_type = T;
  using difference_type = std::ptrdiff_t;
  using pointer = const T*;
  using reference = T;

  counting_iterator() = default;
  explicit counting_iterator(T start) : value_(start) {}
  T operator*() const { return value_; }
  T operator[](difference_type i) const { return *(*this + i); }
  counting_iterator& operator++() { return *this += 1; }
  counting_iterator operator++(int) {
    const counting_iterator before = *this;
    ++*this;
    return before;
  }
  counting_iterator& operator--() { return *this += -1; }
  counting_iterator& operator+=(difference_type i) {
    value_ = static_cast<T>(value_ + static_cast<T>(i));
    return *this;
  }
  friend counting_iterator operator+(counting_iterator a, difference_type i) { return a += i; }
  friend counting_iterator operator-(counting_iterator a, difference_type i) { return a += -i; }
  friend difference_type operator-(counting_iterator a, counting_iterator b) {
    return static_cast<difference_type>(a.value_) - static_cast<difference_type>(b.value_);
  }
  friend bool operator==(counting_iterator, counting_iterator) = default;
  friend auto operator<=>(counting_iterator, counting_iterator) = default;

 private:
  T value_{};
};
template <class T>
counting_iterator<T> make_counting_iterator(T start) {
  return counting_iterator<T>(start);
}

}  // namespace thrust
