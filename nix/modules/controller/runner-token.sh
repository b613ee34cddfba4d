# runner-token set     Reads a GitHub token from standard input, keeps it and restarts the worker with it.
# runner-token choose  Puts the token that counts where the worker finds it: the one set by hand, as long as the
#                      configured file's content is what it was at that moment; otherwise the configured one.
# RUNNER_TOKEN_FILE is the configured file. No token is printed or becomes an argument of a program.

state=${RUNNER_TOKEN_STATE:-/var/lib/runner-token}
in_use=${RUNNER_TOKEN_IN_USE:-/run/runner-token/github-token}

configured_digest() {
  if [ -s "$RUNNER_TOKEN_FILE" ]; then sha256sum <"$RUNNER_TOKEN_FILE"; else echo none; fi
}

# Appears whole and with its mode, or not at all.
write_secret() {
  local new
  new=$(mktemp "$1.XXXXXX")
  chmod 0400 "$new"
  cat >"$new"
  mv "$new" "$1"
}

set_token() {
  local token=
  if [ -t 0 ]; then echo 'Paste the token, then Enter (it is not shown):' >&2; fi
  IFS= read -r -s token || true
  if [[ ! $token =~ ^[A-Za-z0-9_.-]{20,255}$ ]]; then
    echo 'runner-set-token: that is no GitHub token (one line, at least 20 letters, digits, _ . or -); nothing was changed.' >&2
    exit 65
  fi
  install -d -m 0700 "$state"
  configured_digest | write_secret "$state/overrides"
  printf '%s\n' "$token" | write_secret "$state/github-token"
  systemctl restart runner-token.service runner-controller.service
  echo 'The token is set and the worker was restarted; no job was cancelled.'
  echo 'It stays in use until the configured secret changes: put it there too (just agenix-edit).'
}

choose_token() {
  if [ -s "$state/github-token" ] && [ "$(cat "$state/overrides")" != "$(configured_digest)" ]; then
    echo 'The configured GitHub token has changed: the one that was set by hand is dropped.'
    rm -f "$state/github-token" "$state/overrides"
  fi
  if [ -s "$state/github-token" ]; then
    echo 'Using the GitHub token that was set by hand (runner-set-token).'
    write_secret "$in_use" <"$state/github-token"
  elif [ -s "$RUNNER_TOKEN_FILE" ]; then
    write_secret "$in_use" <"$RUNNER_TOKEN_FILE"
  else
    echo "There is no GitHub token: $RUNNER_TOKEN_FILE is missing or empty, and none was set with runner-set-token." >&2
    exit 66
  fi
}

case ${1:-} in
set) set_token ;;
choose) choose_token ;;
*)
  echo 'usage: runner-token set|choose' >&2
  exit 64
  ;;
esac
