#!/bin/sh
# Waits for the Temporal server, then makes the namespace or gives it the wanted retention. Safe to run again.
# TEMPORAL_ADDRESS and the other TEMPORAL_* variables are the CLI's own; RETENTION is how long closed workflows,
# and so the timelines of ended runners, stay readable (default 30d).
set -eu

namespace=${TEMPORAL_NAMESPACE:-default}
retention=${RETENTION:-30d}

# wait_for COMPLAINT COMMAND…: up to two minutes
wait_for() {
  complaint=$1
  attempts=120
  shift
  until "$@" >/dev/null 2>&1; do
    attempts=$((attempts - 1))
    if [ "$attempts" -eq 0 ]; then
      echo "create-namespace: the Temporal server at ${TEMPORAL_ADDRESS:-127.0.0.1:7233} $complaint" >&2
      exit 1
    fi
    sleep 1
  done
}

wait_for 'does not answer' temporal operator cluster health
if temporal operator namespace describe --namespace "$namespace" >/dev/null 2>&1; then
  temporal operator namespace update --namespace "$namespace" --retention "$retention"
else
  temporal operator namespace create --namespace "$namespace" --retention "$retention"
fi
# The server looks for new namespaces every few seconds only; until then workers are refused.
wait_for "has no namespace $namespace" temporal workflow list --namespace "$namespace" --limit 1
