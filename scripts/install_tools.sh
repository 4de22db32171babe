#!/usr/bin/env bash
# Installs what the build (`build`) or the tests (`test`) need and this machine lacks: the WebAssembly target by rustup,
# a Chromium by apt-get.
set -euo pipefail
cd "$(dirname "$0")/.."

main() {
  for command in rustc cargo node npm; do
    command -v "$command" >/dev/null || give_up "$command is missing: see 'What it needs' in README.md"
  done
  node -e 'const [major, minor] = process.versions.node.split("."); process.exit(major > 20 || (major == 20 && minor >= 10) ? 0 : 1)' \
    || give_up "Node 20.10 or newer is needed, this is $(node --version)"
  case "${1:-}" in
    build) wasm_target ;;
    test) wasm_target; chromium ;;
    *) give_up "usage: scripts/install_tools.sh build|test" ;;
  esac
}

wasm_target() {
  [ -d "$(rustc --print target-libdir --target wasm32-unknown-unknown)" ] && return
  command -v rustup >/dev/null || give_up "the Rust target wasm32-unknown-unknown is missing, and no rustup to add it"
  rustup target add wasm32-unknown-unknown
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

give_up() {
  echo "$1" >&2
  exit 1
}

main "$@"
