#!/usr/bin/env bash
# Run by the runner after a job, as its user. Says in the job's own log what its author can't see otherwise.
# It never fails either.
set +e

here=${BASH_SOURCE[0]%/*}
# shellcheck source=nix/container/libexec/cgroups
source "$here/../libexec/cgroups"

killed=$(sed -n 's/^oom_kill //p' "$unit_cgroup/job/memory.events" 2>/dev/null)
[[ ${killed:-0} == 0 ]] || echo "::error::$killed process(es) of this job were killed: the container was out of memory."

"$here/report-job" job-completed || echo 'The end of this job could not be reported to the host.'
exit 0
