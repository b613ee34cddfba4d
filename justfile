# Operating the runner hosts. `just` lists what there is; docs/operations.md explains it.

runner_01_ip := "49.13.4.180"
runner_01_host := "cdk-runner-01.cashudevkit.org"
runner_02_ip := "91.99.191.146"
runner_02_host := "cdk-runner-02.cashudevkit.org"

set shell := ["bash", "-euo", "pipefail", "-c"]
set positional-arguments

# List the recipes
default:
  @{{just_executable()}} --list --unsorted

# ============ All hosts ============

# Apply to all hosts, one after another; a host that does not get healthy stops it
apply-all: apply-runner-01 apply-runner-02

# Build all hosts' configurations here
build-all: build-runner-01 build-runner-02

# Show the status of all hosts; one that does not answer does not keep the others back
status-all:
  @echo "=== cdk-runner-01 ==="
  -@{{just_executable()}} status-runner-01
  @echo
  @echo "=== cdk-runner-02 ==="
  -@{{just_executable()}} status-runner-02

# Show the disks of all hosts
storage-all:
  @echo "=== cdk-runner-01 ==="
  -@{{just_executable()}} storage-runner-01
  @echo
  @echo "=== cdk-runner-02 ==="
  -@{{just_executable()}} storage-runner-02

# ============ cdk-runner-01 ============

# Apply the configuration and wait until the pool is healthy; cancels no job
apply-runner-01: (apply "cdk-runner-01" ("root@" + runner_01_ip))

# Install NixOS on a machine, erasing its disk: just bootstrap-runner-01 [IP=1.2.3.4]
bootstrap-runner-01 IP=runner_01_ip: (bootstrap "cdk-runner-01" ("root@" + trim_start_match(IP, "IP=")))

# Build the configuration here
build-runner-01: (build "cdk-runner-01")

# Show pool, runners and jobs
status-runner-01: (status runner_01_host)

# Show what takes the disk
storage-runner-01: (storage runner_01_host)

# Set the GitHub token; without one as argument it is read from standard input, which keeps it out of your history
set-token-runner-01 TOKEN="": (set-token ("root@" + runner_01_host) TOKEN)

# Start no further job; the options are those of runner-drain (see its --help)
drain-runner-01 *ARGS:
  @deploy/hosts/on-host {{runner_01_host}} runner-drain "$@"

# Take jobs again
resume-runner-01: (on-host runner_01_host "runner-resume")

# Show ended runners with their jobs
history-runner-01 *ARGS:
  @deploy/hosts/on-host {{runner_01_host}} runner-history "$@"

# Follow the worker's log, or with a container's name its runner's
logs-runner-01 CONTAINER="": (logs runner_01_host CONTAINER)

# Go back to the configuration before the last one
rollback-runner-01: (rollback runner_01_host)

# Once, before the first apply: empty a host that the Rust controller runs, without losing a job
leave-rust-runner-01: (leave-rust runner_01_host)

# Print the host key that secrets are encrypted for
host-key-runner-01: (on-host runner_01_host "cat" "/etc/ssh/ssh_host_ed25519_key.pub")

# Print the key of the private network
wireguard-key-runner-01: (on-host runner_01_host "wg" "show" "wg0" "public-key")

# ============ cdk-runner-02 ============

# Apply the configuration and wait until the pool is healthy; cancels no job
apply-runner-02: (apply "cdk-runner-02" ("root@" + runner_02_ip))

# Install NixOS on a machine, erasing its disk: just bootstrap-runner-02 [IP=1.2.3.4]
bootstrap-runner-02 IP=runner_02_ip: (bootstrap "cdk-runner-02" ("root@" + trim_start_match(IP, "IP=")))

# Build the configuration here
build-runner-02: (build "cdk-runner-02")

# Show pool, runners and jobs
status-runner-02: (status runner_02_host)

# Show what takes the disk
storage-runner-02: (storage runner_02_host)

# Set the GitHub token; without one as argument it is read from standard input, which keeps it out of your history
set-token-runner-02 TOKEN="": (set-token ("root@" + runner_02_host) TOKEN)

# Start no further job; the options are those of runner-drain (see its --help)
drain-runner-02 *ARGS:
  @deploy/hosts/on-host {{runner_02_host}} runner-drain "$@"

# Take jobs again
resume-runner-02: (on-host runner_02_host "runner-resume")

# Show ended runners with their jobs
history-runner-02 *ARGS:
  @deploy/hosts/on-host {{runner_02_host}} runner-history "$@"

# Follow the worker's log, or with a container's name its runner's
logs-runner-02 CONTAINER="": (logs runner_02_host CONTAINER)

# Go back to the configuration before the last one
rollback-runner-02: (rollback runner_02_host)

# Once, before the first apply: empty a host that the Rust controller runs, without losing a job
leave-rust-runner-02: (leave-rust runner_02_host)

# Print the host key that secrets are encrypted for
host-key-runner-02: (on-host runner_02_host "cat" "/etc/ssh/ssh_host_ed25519_key.pub")

# Print the key of the private network
wireguard-key-runner-02: (on-host runner_02_host "wg" "show" "wg0" "public-key")

# ============ Any host ============

# Apply a configuration to a host and wait until it is healthy
apply HOST SSH_HOST:
  @deploy/need nixos-rebuild
  nixos-rebuild switch --cores 8 -L --flake ".#$1" --target-host "$2"
  @deploy/hosts/wait-healthy "$2"

# Install a configuration on a machine with nixos-anywhere, erasing its disk
bootstrap HOST SSH_HOST:
  @deploy/need nix
  nix run --inputs-from . nixpkgs#nixos-anywhere -- --flake ".#$1" "$2"

# Build a configuration here
build HOST:
  @deploy/need nix
  nix build -L ".#nixosConfigurations.$1.config.system.build.toplevel"

# Show pool, runners and jobs of a host
status HOST: (on-host HOST "runner-status")

# Show what takes a host's disk
storage HOST: (on-host HOST "runner-storage")

# Set a host's GitHub token; it goes over standard input and is in no argument list on the host
set-token SSH_HOST $TOKEN="":
  @deploy/hosts/set-token "$1"

# Follow the log of a host's worker, or of the runner in a container
logs HOST CONTAINER="":
  @ssh -t "root@$1" {{ if CONTAINER == "" { "journalctl -u runner-controller -f" } else { "journalctl -M " + quote(CONTAINER) + " -u github-runner -f" } }}

# Go back to a host's configuration before the last one
rollback HOST:
  ssh "root@$1" nixos-rebuild switch --rollback
  @deploy/hosts/wait-healthy "root@$1"

# Empty a host that the Rust controller runs, without losing a job
leave-rust HOST:
  @ssh "root@$1" bash -s <deploy/hosts/leave-rust-controller

# Run a command on a host
on-host HOST +COMMAND:
  @deploy/hosts/on-host "$@"

# Open Temporal's Web UI of a host at http://127.0.0.1:8233, until Ctrl-C
temporal-ui HOST=runner_01_host:
  @echo "http://127.0.0.1:8233"
  @ssh -N -L 8233:127.0.0.1:8233 "root@$1"

# ============ Secrets ============

# Edit a secret
agenix-edit PATH="secrets/github-runner.age" IDENTITY="$HOME/.ssh/id_ed25519":
  @deploy/need agenix
  agenix -e "{{PATH}}" -i "{{IDENTITY}}"

# Encrypt all secrets again, after a change of keys
agenix-rekey IDENTITY="$HOME/.ssh/id_ed25519":
  @deploy/need agenix
  agenix -r -i "{{IDENTITY}}"

# ============ This repository ============

# Pin nixpkgs and the other inputs, and the addresses of the npm packages; then commit flake.lock and package-lock.json
lock:
  @deploy/need nix
  nix flake lock
  nix run --inputs-from . nixpkgs#npm-lockfile-fix -- package-lock.json

# Check the flake and this file
check:
  @deploy/need nix
  @test -e flake.lock || echo "There is no flake.lock, so Nix takes the newest nixpkgs: run 'just lock', then commit flake.lock and package-lock.json." >&2
  nix flake check -L
  {{just_executable()}} --evaluate >/dev/null

# Run the tests
test *ARGS:
  ./scripts/test "$@"

# Watch two hosts' pools run CDK's CI on simulated containers
demo *ARGS:
  ./scripts/demo "$@"
