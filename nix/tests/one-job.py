import json

GITHUB = "http://198.51.100.7:9000"


def state():
    return json.loads(host.succeed(f"curl --fail --silent {GITHUB}/_sim/state"))


host.start()
host.wait_for_unit("runner-controller.service")
host.wait_for_open_port(8080)

with subtest("a container boots and its runner goes online"):
    host.wait_until_succeeds(
        f"curl --fail --silent {GITHUB}/_sim/state | jq -e '.runners[] | select(.status == \"online\")'",
        timeout=300,
    )

with subtest("a job runs in it, as the runner's user and not as the host's root"):
    run = {
        "workflow": "one job",
        "jobs": [
            {
                "id": "job",
                "name": "job",
                "runsOn": ["self-hosted", "nix"],
                "needs": [],
                "durationMs": 100,
                "script": "id -un; test ! -e /run/secrets; ! timeout 5 curl --silent http://127.0.0.1:8080/status",
            }
        ],
    }
    host.succeed(f"curl --fail --json '{json.dumps(run)}' {GITHUB}/_sim/workflow-runs")
    host.wait_until_succeeds(
        f"curl --fail --silent {GITHUB}/_sim/state | jq -e '.jobs[] | select(.status == \"completed\")'",
        timeout=120,
    )
    job = state()["jobs"][0]
    assert job["conclusion"] == "success", job
    used = job["runnerName"].removeprefix("vm-")

with subtest("its container is destroyed and another one takes its place"):
    host.wait_until_fails(f"nixos-container list | grep -x {used}", timeout=60)
    host.succeed(f"test ! -e /var/lib/nixos-containers/{used}")
    host.succeed(f"test ! -e /run/runner-controller/{used}")
    host.wait_until_succeeds(
        f"curl --fail --silent {GITHUB}/_sim/state | jq -e '.runners[] | select(.status == \"online\")'",
        timeout=300,
    )

with subtest("a restart of the worker, as by a deploy, keeps the containers"):
    before = host.succeed("nixos-container list")
    host.succeed("systemctl restart runner-controller")
    host.wait_for_open_port(8080)
    assert host.succeed("nixos-container list") == before

with subtest("no token is in the journal"):
    host.fail("journalctl --no-pager | grep -F a-token-for-the-simulated-github")

with subtest("the operators' commands find their settings"):
    host.succeed("runner-status --json | jq -e .")
    host.succeed("runner-storage")
