#!/usr/bin/env bash
# Run by the runner before a job, as its user. A hook that fails would fail the job, so this one never does.
# The runner calls it with `bash -e`.
set +e

here=${BASH_SOURCE[0]%/*}
# shellcheck source=nix/container/libexec/cgroups
source "$here/../libexec/cgroups"

# All but the listener goes over to the job's side, above all the Worker, whose children the steps will be.
# When memory is short, the kernel then takes the job's processes first.
mapfile -t processes 2>/dev/null <"$unit_cgroup/listener/cgroup.procs"
for process in "${processes[@]}"; do
  [[ $process != "${RUNNER_LISTENER_PID-}" ]] || continue
  enter_cgroup job "$process"
  echo 500 >"/proc/$process/oom_score_adj"
done 2>/dev/null

"$here/report-job" job-started || echo 'This job could not be reported to the host.'
exit 0
