# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # work, repository and port come from the program, which shows the versions
# The parts of the programs in this folder.

server_version=1.32.1
program=$(basename "$0")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/cdk-runner-pool
pids=()
command_pid=

install_postgres() {
  # The package would otherwise start a cluster of its own.
  local settings=/etc/postgresql-common/createcluster.conf
  [ -e "$settings" ] || install -D -m 644 <(echo 'create_main_cluster = false') "$settings"
  apt-get update &&
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
      -o Dpkg::Options::=--force-confold postgresql
}

find_postgres() {
  if ! compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null; then
    install_postgres >"$work/apt.log" 2>&1 || give_up apt
  fi
  postgres_bin=$(dirname "$(compgen -G '/usr/lib/postgresql/*/bin/postgres' | sort -V | tail -n 1)")
  postgres_version=$(basename "$(dirname "$postgres_bin")")
}

find_temporal_cli() {
  local cli
  cli=$(PATH=$PATH:$cache/bin command -v "${TEMPORAL_CLI:-temporal}") || {
    echo "$program: no Temporal CLI; run scripts/setup, put it on PATH or set TEMPORAL_CLI" >&2
    exit 69
  }
  mkdir "$work/bin"
  ln -s "$(readlink -f "$cli")" "$work/bin/temporal"
  PATH=$work/bin:$PATH
}

# Four minutes of building the first time, so it is kept by version.
find_temporal_server() {
  local programs=$cache/temporal-server-$server_version
  if [ ! -x "$programs/temporal-server" ] || [ ! -x "$programs/temporal-sql-tool" ]; then
    local build=$work/go-bin module=go.temporal.io/server
    echo "Building the Temporal server $server_version; this takes a few minutes once" >&2
    GOBIN=$build go install "$module/cmd/server@v$server_version" "$module/cmd/tools/sql@v$server_version" \
      >"$work/go.log" 2>&1 || give_up go
    mkdir -p "$programs"
    mv "$build/server" "$programs/temporal-server"
    mv "$build/sql" "$programs/temporal-sql-tool"
  fi
  PATH=$programs:$PATH
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

# As compose has it: by TCP, with a password.
start_postgres() {
  install -m 400 -o postgres <(echo "$SQL_PASSWORD") "$work/password"
  init_postgres --username temporal --pwfile "$work/password" --auth scram-sha-256
  serve_postgres "$SQL_HOST" -p "$SQL_PORT" -h "$SQL_HOST" -k ''
}

as_postgres() { setpriv --reuid postgres --regid postgres --clear-groups "$@"; }

# init_postgres OPTION…
init_postgres() {
  chmod 711 "$work"
  install -d -o postgres "$work/data"
  as_postgres "$postgres_bin/initdb" --pgdata "$work/data" "$@" >"$work/initdb.log" 2>&1 || give_up initdb
}

# serve_postgres HOST_OR_SOCKET OPTION…
serve_postgres() {
  local host=$1 attempts=100
  shift
  background postgres INT --reuid postgres --regid postgres --clear-groups "$postgres_bin/postgres" -D "$work/data" "$@"
  until "$postgres_bin/pg_isready" --quiet --host "$host" --port "$SQL_PORT"; do
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
  echo "$program: $1 failed:" >&2
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
