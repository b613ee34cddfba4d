# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # work, repository and port come from with-temporal-on-postgres, which shows the versions
# The parts of with-temporal-on-postgres.

server_version=1.32.1
pids=()
command_pid=

find_postgres() {
  if ! compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null; then
    # The package would otherwise start a cluster of its own.
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
      -o Dpkg::Options::=--force-confold postgresql >"$work/apt.log" 2>&1 || give_up apt
  fi
  postgres_bin=$(dirname "$(compgen -G '/usr/lib/postgresql/*/bin/postgres' | sort -V | tail -n 1)")
  postgres_version=$(basename "$(dirname "$postgres_bin")")
}

find_temporal_cli() {
  local cli
  cli=$(command -v "${TEMPORAL_CLI:-temporal}") || {
    echo 'with-temporal-on-postgres: no Temporal CLI; put it on PATH or set TEMPORAL_CLI' >&2
    exit 69
  }
  mkdir "$work/bin"
  ln -s "$(readlink -f "$cli")" "$work/bin/temporal"
  PATH=$work/bin:$PATH
}

# Four minutes of building the first time, so it is kept by version.
find_temporal_server() {
  local cache=${XDG_CACHE_HOME:-$HOME/.cache}/cdk-runner-pool/temporal-server-$server_version
  if [ ! -x "$cache/temporal-server" ] || [ ! -x "$cache/temporal-sql-tool" ]; then
    local build=$work/go-bin module=go.temporal.io/server
    echo "Building the Temporal server $server_version; this takes a few minutes once" >&2
    GOBIN=$build go install "$module/cmd/server@v$server_version" "$module/cmd/tools/sql@v$server_version" \
      >"$work/go.log" 2>&1 || give_up go
    mkdir -p "$cache"
    mv "$build/server" "$cache/temporal-server"
    mv "$build/sql" "$cache/temporal-sql-tool"
  fi
  PATH=$cache:$PATH
}

# Below 32768: the server keeps its ports in a smallint column.
free_ports() {
  /usr/bin/python3 -IS -c '
import random, socket, sys
free = []
for port in random.sample(range(20000, 32000), 500):
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) != 0:
            free.append(port)
    if len(free) == int(sys.argv[1]):
        break
print(*free)' "$1"
}

# Runs in the background and dies with this script, even by SIGKILL.
background() {
  local name=$1 signal=$2
  shift 2
  setpriv --pdeathsig "$signal" "$@" >"$work/$name.log" 2>&1 &
  pids+=("$!")
}

start_postgres() {
  chmod 711 "$work"
  install -d -o postgres "$work/data"
  install -m 400 -o postgres <(echo "$SQL_PASSWORD") "$work/password"
  setpriv --reuid postgres --regid postgres --clear-groups "$postgres_bin/initdb" --pgdata "$work/data" \
    --username temporal --pwfile "$work/password" --auth scram-sha-256 >"$work/initdb.log" 2>&1 || give_up initdb
  background postgres INT --reuid postgres --regid postgres --clear-groups "$postgres_bin/postgres" \
    -D "$work/data" -p "$SQL_PORT" -h "$SQL_HOST" -k ''
  local attempts=100
  until "$postgres_bin/pg_isready" --quiet --host "$SQL_HOST" --port "$SQL_PORT"; do
    attempts=$((attempts - 1))
    if [ "$attempts" -eq 0 ] || ! kill -0 "${pids[0]}" 2>/dev/null; then give_up postgres; fi
    sleep 0.1
  done
}

start_temporal() {
  set -a
  # shellcheck source=../../deploy/temporal/server.env
  . "$repository/deploy/temporal/server.env"
  set +a
  background temporal TERM env POSTGRES_SEEDS="$SQL_HOST" DB_PORT="$SQL_PORT" POSTGRES_USER="$SQL_USER" \
    POSTGRES_PWD="$SQL_PASSWORD" BIND_ON_IP=127.0.0.1 FRONTEND_GRPC_PORT="${port[1]}" \
    FRONTEND_HTTP_PORT="${port[2]}" FRONTEND_MEMBERSHIP_PORT="${port[3]}" HISTORY_GRPC_PORT="${port[4]}" \
    HISTORY_MEMBERSHIP_PORT="${port[5]}" MATCHING_GRPC_PORT="${port[6]}" MATCHING_MEMBERSHIP_PORT="${port[7]}" \
    WORKER_GRPC_PORT="${port[9]}" WORKER_MEMBERSHIP_PORT="${port[8]}" \
    DYNAMIC_CONFIG_FILE_PATH="$repository/deploy/temporal/dynamic-config.yaml" temporal-server start
  "$repository/deploy/temporal/create-namespace.sh" >"$work/namespace.log" 2>&1 &
  command_pid=$!
  # Whichever ends first: the namespace script with success, or a server that can't start.
  if ! wait -n "$command_pid" "${pids[1]}"; then give_up temporal; fi
}

give_up() {
  echo "with-temporal-on-postgres: $1 failed:" >&2
  tail -n 20 "$work/$1.log" | cut -c 1-400 >&2
  exit 70
}

tear_down() {
  local code=$? index
  if [ -n "$command_pid" ]; then kill -TERM "$command_pid" 2>/dev/null && wait "$command_pid"; fi
  # The server before its database, or it logs a screenful of lost connections.
  for ((index = ${#pids[@]} - 1; index >= 0; index--)); do
    kill "${pids[index]}" 2>/dev/null || true
    wait "${pids[index]}" || true
  done
  if [ -n "${KEEP_LOGS:-}" ]; then mkdir -p "$KEEP_LOGS" && cp "$work"/*.log "$KEEP_LOGS"; fi
  rm -rf "$work"
  exit "$code"
}
