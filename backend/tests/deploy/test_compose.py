"""Test docker-compose.yml: profiles, files, settings and limits, without running Docker."""

import os
import shlex
import subprocess
from pathlib import Path

import pytest

from alcove.settings import Settings
from deploy.engines import REDIS_SERVER
from deploy.ports import free_port
from tests.support.deployment_files import DEPLOY, ROOT, Document, directive_values, load_compose, load_yaml, services
from tests.support.servers import ALCOVE, Process

CLUSTER, MONITORING = services("cluster"), services("watch")
ALL_SERVICES: Document = load_compose()["services"]
PROCESSES = {name: service for name, service in CLUSTER.items() if name.startswith("alcove-")}
SECRETS = ["ALCOVE_SECRET", "POSTGRES_PASSWORD", "REDIS_PASSWORD"]
VALID_SECRETS = dict.fromkeys(SECRETS, "0123456789abcdef")


def seconds(text: str) -> int:
    """Convert a duration in the format of Compose to seconds."""
    assert text.endswith("s")
    return int(text[:-1])


def script(service: str) -> list[str]:
    """Return the command of a service that is a shell script."""
    return [part.replace("$$", "$") for part in ALL_SERVICES[service]["command"]]


def test_default_deployment_is_one_process_with_an_embedded_database() -> None:
    assert list(services()) == ["alcove"]
    assert "ALCOVE_DATABASE_URL=sqlite:" in (ROOT / "backend/Dockerfile").read_text()
    assert not {"ALCOVE_DATABASE_URL", "ALCOVE_BUS_URL"} & set(services()["alcove"]["environment"])


def test_cluster_is_three_processes_behind_a_proxy() -> None:
    assert list(PROCESSES) == ["alcove-1", "alcove-2", "alcove-3"]
    assert set(CLUSTER["proxy"]["depends_on"]) == set(PROCESSES)
    assert {"postgres", "redis", "proxy"} < set(CLUSTER)


@pytest.mark.parametrize("name", ALL_SERVICES)
def test_every_setting_of_a_service_exists(name: str) -> None:
    existing = {f"ALCOVE_{field.upper()}" for field in Settings.model_fields}

    assert {key for key in ALL_SERVICES[name].get("environment", {}) if key.startswith("ALCOVE_")} <= existing


@pytest.mark.parametrize("name", ALL_SERVICES)
def test_every_mounted_file_exists(name: str) -> None:
    volumes = [volume.split(":") for volume in ALL_SERVICES[name].get("volumes", [])]

    assert all((ROOT / source).exists() for source, *_ in volumes if source.startswith("."))
    assert all(source in load_compose()["volumes"] for source, *_ in volumes if not source.startswith("."))
    assert all(mode == ["ro"] for source, _, *mode in volumes if source.startswith("."))


@pytest.mark.parametrize("name", ALL_SERVICES)
def test_services_have_minimal_rights(name: str) -> None:
    service = ALL_SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert (name == "postgres") == ("cap_add" in service)
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_no_two_services_use_the_same_port() -> None:
    ports = [port for service in ALL_SERVICES.values() for port in service.get("ports", [])]

    assert len(ports) == len({port.rpartition(":")[0] for port in ports})


@pytest.mark.parametrize("name", PROCESSES)
def test_z1_stop_grace_period_exceeds_the_drain_time(name: str) -> None:
    drain_s = float(PROCESSES[name]["environment"]["ALCOVE_DRAIN_S"])

    assert seconds(PROCESSES[name]["stop_grace_period"]) >= 2 * drain_s + 5


def test_processes_trust_only_the_address_of_the_proxy() -> None:
    address = CLUSTER["proxy"]["networks"]["front"]["ipv4_address"]

    assert {process["environment"]["ALCOVE_TRUSTED_PROXIES"] for process in PROCESSES.values()} == {address}


def test_a2_process_of_the_cluster_does_not_start_without_a_secret(tmp_path: Path) -> None:
    (allowed,) = {process["environment"]["ALCOVE_ALLOW_OPEN"] for process in PROCESSES.values()}
    env = {"ALCOVE_ALLOW_OPEN": allowed, "ALCOVE_SECRET": ""}
    process = Process(
        [ALCOVE, "serve", "--host", "0.0.0.0", "--port", "0"],  # noqa: S104 - as the image
        cwd=tmp_path,
        env=env,
        forked=False,
    )

    assert process.wait_for_exit() == 1
    assert "set ALCOVE_SECRET" in process.output


def test_missing_required_settings_are_reported_before_any_service_starts() -> None:
    def run_check(**env: str) -> subprocess.CompletedProcess[str]:
        command = script("secrets-are-set")
        env["PATH"] = os.environ["PATH"]
        return subprocess.run(command, env=env, capture_output=True, text=True, check=False)  # noqa: S603 - ours

    dependents = {name for name, service in CLUSTER.items() if "secrets-are-set" in service.get("depends_on", {})}
    assert dependents == {*PROCESSES, "postgres", "redis"}
    assert run_check(**VALID_SECRETS).returncode == 0
    for name in SECRETS:
        result = run_check(**VALID_SECRETS | {name: ""})
        assert result.returncode != 0
        assert f"{name}: is not set: set it in the environment or in .env" in result.stderr
    assert "a password becomes part of a URL" in run_check(**VALID_SECRETS | {"REDIS_PASSWORD": "p@ss/word"}).stderr


def test_redis_uses_its_password_and_does_not_show_it() -> None:
    port = free_port()
    shell, flags, text = script("redis")
    text = text.replace("redis-server - ", f"{shlex.quote(str(REDIS_SERVER))} - --bind 127.0.0.1 --port {port} ")
    server = Process([shell, flags, text], env={"REDISCLI_AUTH": VALID_SECRETS["REDIS_PASSWORD"]})
    try:
        server.wait_for_line("eady to accept connections")
        client = [str(REDIS_SERVER.with_name("redis-cli")), "-p", str(port), "PING"]
        replies = {
            password: subprocess.run(  # noqa: S603 - the tests' own command
                client, env={"REDISCLI_AUTH": password} if password else {}, capture_output=True, check=True, text=True
            ).stdout.strip()
            for password in (VALID_SECRETS["REDIS_PASSWORD"], "")
        }
        assert replies[VALID_SECRETS["REDIS_PASSWORD"]] == "PONG"
        assert "NOAUTH" in replies[""]
        assert VALID_SECRETS["REDIS_PASSWORD"] not in Path(f"/proc/{server.pid}/cmdline").read_text()
    finally:
        server.end()


def test_proxy_accepts_as_many_connections_as_its_processes() -> None:
    connections = sum(int(service["environment"]["ALCOVE_CONNECTIONS"]) for service in PROCESSES.values())
    (workers,), (worker_connections,) = directive_values("worker_processes"), directive_values("worker_connections")

    assert int(workers) * int(worker_connections) >= 2 * connections
    assert CLUSTER["proxy"]["ulimits"]["nofile"] >= 2 * int(worker_connections)
    low, high = map(int, CLUSTER["proxy"]["sysctls"]["net.ipv4.ip_local_port_range"].split())
    for process in PROCESSES.values():
        assert high - low > 2 * int(process["environment"]["ALCOVE_CONNECTIONS"])
        assert process["ulimits"]["nofile"] > int(process["environment"]["ALCOVE_CONNECTIONS"]) + 1000


def test_single_process_may_open_descriptors_for_all_connections() -> None:
    assert services()["alcove"]["ulimits"]["nofile"] > Settings.model_fields["connections"].default + 1000


def test_workflow_starts_each_deployment_and_sends_a_message() -> None:
    workflow = (ROOT / ".github/workflows/image.yml").read_text()

    for command in ("docker compose up --build --wait", "docker compose --profile cluster up --build --wait"):
        _, _, steps = workflow.partition(command)
        assert "/api/items/ci/entries" in steps.partition("docker compose down")[0]


def test_l1_proxy_accepts_bodies_as_large_as_its_processes() -> None:
    assert directive_values("client_max_body_size") == [str(Settings.model_fields["message_bytes"].default)]
    assert all("ALCOVE_MESSAGE_BYTES" not in process["environment"] for process in PROCESSES.values())


def test_w3_d2_proxy_does_not_buffer_a_stream_for_a_slow_reader() -> None:
    _, _, events = (DEPLOY / "nginx.conf").read_text().partition("location ~ /api/items/.+/events$ {")

    assert directive_values("proxy_buffering") == ["off"]
    assert "proxy_buffering off;" in events.partition("}")[0]


def test_proxy_and_prometheus_name_every_process() -> None:
    (job,) = load_yaml(ROOT / "backend/deploy/prometheus.yml")["scrape_configs"]
    (discovery,) = job["dns_sd_configs"]

    assert discovery["names"] == [*services(), *PROCESSES]
    assert [value.split()[0] for value in directive_values("server")] == [
        f"{name}:{discovery['port']}" for name in PROCESSES
    ]
    assert set(MONITORING["prometheus"]["networks"]) == {"front", "default"}


def test_grafana_is_provisioned_with_the_dashboard_and_prometheus() -> None:
    provisioning = DEPLOY / "grafana/provisioning"
    (provider,) = load_yaml(provisioning / "dashboards/alcove.yml")["providers"]
    (source,) = load_yaml(provisioning / "datasources/prometheus.yml")["datasources"]
    mounted = f"./backend/deploy/grafana/alcove.json:{provider['options']['path']}/alcove.json:ro"

    assert mounted in MONITORING["grafana"]["volumes"]
    assert source["url"].removeprefix("http://").split(":")[0] in MONITORING
    assert load_yaml(DEPLOY / "prometheus.yml")["rule_files"] == [
        volume.split(":")[1] for volume in MONITORING["prometheus"]["volumes"] if "alerts.yml" in volume
    ]
