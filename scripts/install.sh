#!/bin/sh
# Installs ocmesh for the current user, as a service that starts at login and restarts after a crash.
# Works in a checkout and in the assembled skill. Needs Node 20.19 or newer, and no sudo.
# Arguments are passed to `ocmesh service install`: --node PATH, --wait SECONDS, --linger (Linux).
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(dirname -- "$here")

say() { printf '%s\n' "$*" >&2; }

new_enough() {
  "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null
}

# Agents and editors often start programs with a short PATH.
find_node() {
  for candidate in "${OCMESH_NODE:-}" "$(command -v node || :)" \
    /opt/homebrew/bin/node /usr/local/bin/node /opt/local/bin/node /usr/bin/node \
    "$HOME"/.volta/bin/node "$HOME"/.nvm/versions/node/*/bin/node "$HOME"/.local/share/mise/installs/node/*/bin/node; do
    if [ -x "$candidate" ] && new_enough "$candidate"; then
      printf '%s\n' "$candidate"
      return
    fi
  done
  say 'ocmesh needs Node 20.19 or newer, but none was found. Install it from https://nodejs.org or with your package manager,'
  say 'or name the one to use: OCMESH_NODE=/path/to/node bash scripts/install.sh'
  exit 78
}

if [ "$(id -u)" = 0 ] && [ -n "${SUDO_USER:-}" ]; then
  say 'Run this as yourself, without sudo: the service belongs to one user.'
  exit 78
fi
node=$(find_node)

if [ -f "$root/app/ocmesh.mjs" ]; then
  program=$root/app/ocmesh.mjs
elif [ -f "$root/scripts/setup.mjs" ]; then
  program=$root/packages/daemon/bundle/ocmesh.mjs
  if [ ! -f "$program" ] || [ -n "$(find "$root"/packages/*/src "$root/pnpm-lock.yaml" -newer "$program" | head -n 1)" ]; then
    say 'Building ocmesh …'
    (
      # Only for the build: in the PATH of the installer, this folder could hide other programs.
      PATH=$(dirname -- "$node"):$PATH
      export PATH
      cd -- "$root"
      node scripts/setup.mjs
      npm run -s build
    ) >&2
  fi
else
  say "There is no ocmesh next to $here. Copy the whole folder, not only the script."
  exit 78
fi

exec "$node" "$program" service install "$@"
