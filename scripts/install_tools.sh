#!/usr/bin/env bash
# Installs what the build (`build`) or the tests (`test`) need and this machine lacks: Rust tools into .tools/,
# a Chromium by apt-get. Whatever is there at a fitting version is used as it is.
set -euo pipefail
cd "$(dirname "$0")/.."

tools="$PWD/.tools"
wasm_split_version=0.2.4
wasm_bindgen_version=$(sed -n '/^name = "wasm-bindgen"$/{n;s/^version = "\(.*\)"$/\1/p;}' Cargo.lock)

main() {
  for command in rustc cargo node npm; do
    command -v "$command" >/dev/null || give_up "$command is missing: see 'What it needs' in README.md"
  done
  node -e 'const [major, minor] = process.versions.node.split("."); process.exit(major > 20 || (major == 20 && minor >= 10) ? 0 : 1)' \
    || give_up "Node 20.10 or newer is needed, this is $(node --version)"
  case "${1:-}" in
    build) wasm_target; wasm_bindgen_cli; wasm_split ;;
    test) wasm_target; wasm_bindgen_cli; chromium ;;
    *) give_up "usage: scripts/install_tools.sh build|test" ;;
  esac
}

wasm_target() {
  [ -d "$(rustc --print target-libdir --target wasm32-unknown-unknown)" ] && return
  command -v rustup >/dev/null || give_up "the Rust target wasm32-unknown-unknown is missing, and no rustup to add it"
  rustup target add wasm32-unknown-unknown
}

# It does not tell its version, so only the one that was installed here is known to fit.
wasm_split() {
  grep -qs "^\"wasm_split_cli_support $wasm_split_version " "$tools/.crates.toml" && return
  install_crate wasm_split_cli_support "$wasm_split_version" --locked --features build-binary
}

# Without --locked: the lock file of this release names a crate that registries do not have.
wasm_bindgen_cli() {
  [ "$(installed_version wasm-bindgen)" = "$wasm_bindgen_version" ] \
    && [ "$(installed_version wasm-bindgen-test-runner)" = "$wasm_bindgen_version" ] && return
  install_crate wasm-bindgen-cli "$wasm_bindgen_version"
}

chromium() {
  node scripts/find_chromium.mjs >/dev/null 2>&1 && return
  if command -v apt-get >/dev/null; then
    echo "Installing Chromium with apt-get"
    as_root apt-get update -q || true
    as_root apt-get install -yq --no-install-recommends chromium fonts-liberation || true
  fi
  node scripts/find_chromium.mjs >/dev/null
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    env DEBIAN_FRONTEND=noninteractive "$@"
  else
    sudo env DEBIAN_FRONTEND=noninteractive "$@"
  fi
}

# The version a program on PATH reports, or nothing.
installed_version() {
  command -v "$1" >/dev/null || return 0
  command "$1" --version 2>/dev/null | sed -n '1s/^[^ ]* \([0-9][^ ]*\).*/\1/p'
}

# install_crate NAME VERSION [options of cargo install]
install_crate() {
  local name=$1 version=$2
  shift 2
  echo "Installing $name $version into .tools (once; some minutes when it has to be compiled)"
  if command -v cargo-binstall >/dev/null \
    && cargo binstall --no-confirm --root "$tools" "$name@$version"; then
    return
  fi
  # Not in /tmp, where some systems have little room.
  CARGO_TARGET_DIR="$tools/build" cargo install "$name" --version "$version" --root "$tools" "$@"
  rm -rf "$tools/build"
}

give_up() {
  echo "$1" >&2
  exit 1
}

main "$@"
