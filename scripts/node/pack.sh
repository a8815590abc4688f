# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# Part of scripts/gpu-node: gathers in $supplies what a node without internet has not got, and packs it with the sources.

limit_mib=60

# source_package NAME: fetches Debian's source package into the current folder, without changing the system's lists.
source_package() {
  local state=$PWD/apt
  mkdir -p "$state/lists/partial" "$state/cache"
  # From where the system has its packages.
  # shellcheck disable=SC2016
  apt-get indextargets --format 'deb-src $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' | sort -u > "$state/sources.list"
  local options=(-qq -o APT::Sandbox::User="$(id -un)" -o "Dir::Etc::SourceList=$state/sources.list" -o Dir::Etc::SourceParts=-
    -o "Dir::State::Lists=$state/lists" -o "Dir::Cache=$state/cache")
  apt-get "${options[@]}" update && apt-get "${options[@]}" source --download-only "$1" > /dev/null 2>&1
}

# library NAME PACKAGE FOLDER VARIABLE: sources of a library into $supplies/NAME, from the folder that VARIABLE names,
# from FOLDER, where a package of the system keeps them, or from Debian's source package.
library() {
  local name=$1 package=$2 folder=${!4:-$3} work
  [ ! -f "$supplies/$name/CMakeLists.txt" ] || return 0
  mkdir -p "$supplies/$name"
  if [ -f "$folder/CMakeLists.txt" ]; then
    cp -r "$folder/." "$supplies/$name"
    return
  fi
  command -v apt-get > /dev/null || die "$name: no sources in $3 and no apt-get; name a folder with them by $4"
  work=$(mktemp -d)
  (cd "$work" && source_package "$package") || die "$name: apt-get could not fetch the source package $package"
  tar -xf "$work"/*.orig.tar.* -C "$supplies/$name" --strip-components=1
  rm -rf "$work" "$supplies/$name/test" "$supplies/$name/docs"
}

# The headers of the wheel that scripts/wheels.txt pins.
cutlass() {
  local work
  [ ! -d "$supplies/cutlass/include" ] || return 0
  say "fetching the headers of CUTLASS"
  work=$(mktemp -d)
  python3 -m pip download --quiet --no-deps --dest "$work" "$(awk '$1 == "cutlass" { print $2 }' scripts/wheels.txt)" || die "CUTLASS: pip could not fetch it"
  mkdir -p "$supplies/cutlass"
  python3 -m zipfile -e "$work"/*.whl "$work/wheel"
  cp -r "$work/wheel/cutlass_library/source/include" "$supplies/cutlass/include"
  cp "$work"/wheel/nvidia_cutlass-*/licenses/LICENSE* "$supplies/cutlass" 2> /dev/null || true
  rm -rf "$work"
}

# array FILE SIZE INPUT: grey photos as uint8 [n, SIZE, SIZE].
array() {
  "$simile" features "$3" --method ssim --size "$2" --out "$1" --overwrite --quiet > /dev/null
  rm -f "${1%.npy}.csv" "${1%.npy}.json"
}

photos() {
  local simile=${SIMILE_PROGRAM:-build/release/simile} list
  if [ -z "${SIMILE_TEST_PHOTOS:-}" ]; then
    say "SIMILE_TEST_PHOTOS is not set: no photos are packed, the row ssim_exit will be skipped"
    return
  fi
  [ ! -f "$supplies/data/photos256.npy" ] || return 0
  [ -x "$simile" ] || die "photos: $simile is not there (./dev build makes it; SIMILE_PROGRAM names another)"
  say "preparing the photos of $SIMILE_TEST_PHOTOS"
  mkdir -p "$supplies/data"
  array "$supplies/data/photos64.npy" 64 "$SIMILE_TEST_PHOTOS"
  list=$(mktemp --suffix=.txt)
  find -L "$SIMILE_TEST_PHOTOS" -iname '*.jp*g' | LC_ALL=C sort | head -n 400 > "$list" || true
  array "$supplies/data/photos256.npy" 256 "$list"
  rm -f "$list"
}

pack() {
  local out=build/simile-gpu-node.tar.gz with_cutlass=no stage size
  while [ $# -gt 0 ]; do
    case $1 in
      --out) out=$(absolute "${2:?--out needs a file}") && shift 2 ;;
      --cutlass) with_cutlass=yes && shift ;;
      *) die "pack: no option '$1'" ;;
    esac
  done
  git rev-parse --git-dir > /dev/null 2>&1 || die "pack: this is no git checkout"
  [ -z "$(git status --porcelain --untracked-files=no)" ] || say "changes that are not committed are not packed"
  mkdir -p "$supplies" "$(dirname "$out")"
  library googletest googletest /usr/src/googletest SIMILE_GOOGLETEST_SOURCE
  library benchmark benchmark /usr/src/benchmark SIMILE_BENCHMARK_SOURCE
  if [ $with_cutlass = yes ] || git grep -qE '#include <(cutlass|cute)/' -- cuda; then cutlass; fi
  photos
  git rev-parse HEAD > "$supplies/commit.txt"
  stage=$(mktemp -d)
  git archive --prefix=simile/ HEAD | tar -x -C "$stage"
  mkdir -p "$stage/simile/build"
  cp -r "$supplies" "$stage/simile/build/"
  tar -C "$stage" --sort=name --owner=0 --group=0 --numeric-owner -czf "$out.part" simile
  size=$(stat -c %s "$out.part")
  if [ "$size" -gt $((limit_mib << 20)) ]; then
    printf 'gpu-node: the largest parts, before compression:\n' >&2
    (cd "$stage/simile" && du -sm build/gpu-node/* -- */ | grep -v $'\tbuild/$' | sort -rn | head -n 6) >&2
    rm -rf "$stage" "$out.part"
    die "pack: $((size >> 20)) MiB are more than the $limit_mib MiB a bundle may have"
  fi
  rm -rf "$stage"
  mv "$out.part" "$out"
  printf '%s: %s MiB, commit %s\n' "$out" "$(awk "BEGIN { printf \"%.1f\", $size / 1048576 }")" "$(git rev-parse --short HEAD)"
  echo "there: tar xf $(basename "$out") && simile/scripts/gpu-node run"
}
