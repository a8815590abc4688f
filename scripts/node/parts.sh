# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# Part of scripts/gpu-node: the parts of a run, each within a time of its own and with a log of its own.

wants() { [[ ,$parts, == *,$1,* ]]; }

# The metrics that --only names, as a regular expression of alternatives; empty for all.
metrics() {
  [ -n "$only" ] || return 0
  # A row's id begins with its metric; what a sink does is tested with every metric.
  tr ',' '\n' <<< "$only" | sed -E 's/(64|256|4096|_|@).*//' | sort -u | paste -sd '|' | sed -E '/topk|components|ceiling/d'
}

# gtest_filter PATTERN...: those cases, of the metrics wanted only.
gtest_filter() {
  local pattern metric filter=
  for pattern in "$@"; do
    for metric in $(metrics | tr '|' ' '); do filter+="${pattern/METRIC/$metric}:"; done
    [ -n "$(metrics)" ] || filter+="${pattern/METRIC/}:"
  done
  echo "$filter"
}

# What is never the default until it has run on a GPU (docs/gpu.md), and the metrics that it is a way of.
ways_on_request="SIMILE_GPU_FUSED=1:cosine SIMILE_GPU_SSIM=tensor:ssim SIMILE_GPU_HAMMING=tensor:hamming"

# Under --rehearse with the emulated device, which is slow: few cases, and none on request.
conformance() {
  local way metric code=0 whole="Gpu*" cases="*/cuda_METRIC*"
  [ $rehearse = no ] || whole="Gpu.*" cases="*ComponentsAreTheOracles/cuda_METRIC*_list"
  "$(built test_conformance)" --gtest_filter="$whole:$(gtest_filter "$cases")" || code=$?
  [ $rehearse = no ] || return $code
  for way in $ways_on_request; do
    metric=${way#*:}
    [[ -z $(metrics) || "|$(metrics)|" == *"|$metric|"* ]] || continue
    echo "--- ${way%:*}"
    env "${way%:*}" "$(built test_conformance)" --gtest_filter="Gpu*:*/cuda_${metric}_*" || code=$?
  done
  return $code
}

# memcheck and racecheck on few cases: under them every kernel is many times as slow.
sanitizer() {
  local tool program code=0
  program=$(command -v compute-sanitizer || find "$toolkit/" "${CUDA_HOME:-/nonexistent}" /usr/local/cuda \
    -name compute-sanitizer -type f -print -quit 2> /dev/null || true)
  if [ -z "$program" ]; then
    echo "SKIPPED: compute-sanitizer is neither on PATH nor in a CUDA toolkit here"
    return
  fi
  for tool in memcheck racecheck; do
    echo "--- $tool"
    timeout "$((limit / 2))" "$program" --tool "$tool" --error-exitcode 9 --print-limit 20 "$(built test_conformance)" \
      --gtest_filter="$(gtest_filter '*ComponentsAreTheOracles/cuda_METRIC*_triangle' '*EdgesAre*/cuda_METRIC*_list')" ||
      { echo "$tool: exit code $?" && code=1; }
  done
  return $code
}

# Kernels by the device's own clock, then whole comparisons; both in one file, the former as soon as they are there.
kernels() {
  local filter="." device=cuda:0 program=simile_bench_gpu quick=() wanted code=0
  wanted=$(metrics)
  [ -z "$wanted" ] || filter="^($wanted)"
  [ $rehearse = no ] || program=simile_bench_gpu_emulated quick=(--quick)
  SIMILE_BENCH_THREADS=$jobs "$(built $program)" "${quick[@]}" --benchmark_filter="$filter" \
    --benchmark_out="$results/kernels.json" --benchmark_out_format=json || code=$?
  if [ $rehearse = yes ]; then filter="minhash" device=cpu; fi
  SIMILE_BENCH_DEVICE=$device SIMILE_BENCH_THREADS=$jobs "$(built simile_bench_kernels)" --benchmark_filter="$filter" \
    --benchmark_out="$results/comparisons.json" --benchmark_out_format=json || code=$?
  "$python" - "$results/kernels.json" "$results/comparisons.json" << 'PYTHON' || code=$?
import json, os, sys
kernels, comparisons = (json.load(open(name)) for name in sys.argv[1:])
kernels["benchmarks"] += comparisons["benchmarks"]
with open(sys.argv[1], "w") as out:
    json.dump(kernels, out, indent=1)
os.remove(sys.argv[2])
PYTHON
  return $code
}

peers() {
  local options=(--engine "$(built simile_bench_engine)" --threads "$jobs" --json "$results/gpu.json"
    --minutes "$(awk "BEGIN { print 0.9 * $limit / 60 }")")
  if [ $rehearse = yes ]; then options+=(--device cpu --engine-device cuda:0 --quick); fi
  [ -z "$only" ] || options+=(--only "$only")
  [ ! -d $supplies/data ] || options+=(--data $supplies/data)
  "$python" benchmarks/peers/gpu_run.py "${options[@]}"
}

# The same rows once more by the ways that have to be asked for, in what time is left.
on_request() {
  local way ways=() options=(--engine "$(built simile_bench_engine)" --threads "$jobs" --json "$results/gpu_on_request.json"
    --minutes "$(awk "BEGIN { print 0.9 * $limit / 60 }")" --only "${only:-cosine_100k,ssim64_2500,hamming256,cosine_1m}")
  for way in $ways_on_request; do ways+=("${way%:*}"); done
  if [ $rehearse = yes ]; then options+=(--device cpu --engine-device cuda:0 --quick) ways=(); fi
  [ ! -d $supplies/data ] || options+=(--data $supplies/data)
  env "${ways[@]}" "$python" benchmarks/peers/gpu_run.py "${options[@]}"
}

# part NAME SECONDS: runs it within these, and what is left of all; its output goes to a log, its outcome to the summary.
part() {
  local name=$1 log=$results/$1.log begun=$SECONDS code=0 left=$((deadline - SECONDS)) outcome
  limit=$(($2 < left ? $2 : left))
  if [ $limit -lt 10 ]; then
    echo "$name: NOT RUN, no time left" | tee -a "$summary"
    failed=1
    return 1
  fi
  say "$name (at most $limit s)"
  run_within "$limit" "$name" > "$log" 2>&1 || code=$?
  outcome=passed
  [ $code = 0 ] || outcome="FAILED, exit code $code"
  [ $code != 124 ] || outcome="CUT OFF after $limit s"
  [ $code != 0 ] || ! grep -q '^SKIPPED' "$log" || outcome=$(grep -m1 '^SKIPPED' "$log")
  [[ $name != peers && $name != on_request ]] || outcome+=", $(grep -c ' SKIPPED: ' "$log" || true) rows skipped"
  echo "$name: $outcome, $((SECONDS - begun)) s ($(basename "$log"))" | tee -a "$summary"
  [ $code = 0 ] && return
  tail -n 15 "$log" >&2
  failed=1
  return 1
}

# run_within SECONDS FUNCTION: in a process group of its own, all of which ends when the time is over; gives 124 then.
run_within() {
  local job code=0 watch
  set -m
  "$2" &
  job=$!
  set +m
  (
    trap 'kill $! && exit' TERM
    sleep "$1" &
    wait $! && kill -TERM -- "-$job" && sleep 5 && kill -KILL -- "-$job"
  ) &> /dev/null &
  watch=$!
  wait $job || code=$?
  [ $code = 143 ] || kill $watch 2> /dev/null || true
  [ $code != 143 ] || code=124
  return $code
}

options_of_run() {
  out=$caller/gpu-results minutes=10 parts=conformance,sanitizer,kernels,peers,on_request only= rehearse=no option_python= option_architecture=
  while [ $# -gt 0 ]; do
    case $1 in
      --rehearse) rehearse=yes && shift && continue ;;
      --out | --minutes | --parts | --only | --python | --architecture) [ $# -gt 1 ] || die "run: $1 needs a value" ;;
      *) die "run: no option '$1' (scripts/gpu-node --help)" ;;
    esac
    case $1 in
      --out) out=$(absolute "$2") ;;
      --minutes) minutes=$2 ;;
      --parts) parts=$2 ;;
      --only) only=$2 ;;
      --python) option_python=$2 ;;
      --architecture) option_architecture=$2 ;;
    esac
    shift 2
  done
  local name
  for name in ${parts//,/ }; do
    [[ $name =~ ^(conformance|sanitizer|kernels|peers|on_request)$ ]] ||
      die "run: --parts $name: allowed are conformance, sanitizer, kernels, peers, on_request"
  done
  [[ $minutes =~ ^[1-9][0-9]*$ ]] || die "run: --minutes $minutes: a whole number from 1 on is needed"
}

# keep_all_below FOLDER: nothing is written anywhere else; a home folder need not exist.
keep_all_below() {
  export TMPDIR=$1/tmp PYTHONPYCACHEPREFIX=$1/cache/python CUPY_CACHE_DIR=$1/cache/cupy CUDA_CACHE_PATH=$1/cache/cuda \
    TRITON_CACHE_DIR=$1/cache/triton TORCHINDUCTOR_CACHE_DIR=$1/cache/inductor CCACHE_DIR=$1/cache/ccache
  mkdir -p "$TMPDIR"
}

run() {
  options_of_run "$@"
  mkdir -p "$out/results" "$out/build"
  out=$(realpath "$out") jobs=$(nproc) failed=0 limit=0
  results=$out/results summary=$out/results/summary.txt
  deadline=$((SECONDS + 60 * minutes))
  keep_all_below "$out/build"
  find_tools
  {
    nvidia-smi --query-gpu=name,compute_cap,driver_version,memory.total --format=csv,noheader 2> /dev/null || echo "no GPU"
    echo "nvcc $("$nvcc" --version | sed -n 's/.*release //p'), toolkit $toolkit, architecture $architecture, $jobs cores"
    # A bundle may have been unpacked within some other checkout.
    if [ -e .git ]; then SIMILE_COMMIT=$(git rev-parse HEAD); else SIMILE_COMMIT=$(cat $supplies/commit.txt); fi
    echo "commit $SIMILE_COMMIT"
  } | tee "$summary"
  export SIMILE_COMMIT
  part build_all $((60 * minutes)) || die "nothing was built: $results/build_all.log"
  SIMILE_CUDA_LIBRARY=$(built "libsimile_cuda$([ $rehearse = no ] || echo _emulated).so")
  export SIMILE_CUDA_LIBRARY SIMILE_REQUIRE_GPU=1
  # Parts before the peers may take a fifth each: the rows matter most.
  for name in conformance sanitizer kernels; do
    if wants $name; then part $name $((12 * minutes)) || true; fi
  done
  local kept=0
  if wants on_request; then kept=$((60 * minutes / 8)); fi
  if wants peers; then part peers $((deadline - SECONDS - kept)) || true; fi
  if wants on_request; then part on_request $((60 * minutes)) || true; fi
  say "summary"
  cat "$summary"
  if [ -f "$results/gpu.json" ]; then "$python" benchmarks/peers/gpu_run.py --table "$results/gpu.json"; fi
  exit $failed
}
