#!/bin/sh
# Removes the service and the program. Keeps identity and messages, unless --purge is given (asks first, except with --yes).
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(dirname -- "$here")
home=${OCMESH_HOME:-$HOME/.ocmesh}

say() { printf '%s\n' "$*" >&2; }

node=${OCMESH_NODE:-$(command -v node || :)}
for program in "$home/app/current/ocmesh.mjs" "$root/app/ocmesh.mjs" "$root/packages/daemon/bundle/ocmesh.mjs"; do
  if [ -n "$node" ] && [ -f "$program" ]; then
    exec "$node" "$program" service uninstall "$@"
  fi
done

say 'The program or Node is missing, so remove the service by hand:'
if [ "$(uname -s)" = Darwin ]; then
  say "  launchctl bootout gui/$(id -u)/com.ocmesh.daemon"
  say '  rm ~/Library/LaunchAgents/com.ocmesh.daemon.plist'
else
  say '  systemctl --user disable --now ocmesh.service'
  say '  rm ~/.config/systemd/user/ocmesh.service'
fi
say "Identity and messages are in $home."
exit 78
