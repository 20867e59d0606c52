"""What docs/reference/hardening.md promises of a converged host."""

from __future__ import annotations

import re

import pytest
from conftest import Host

OURS = (
    "/etc/jenkins /etc/trainyard /etc/docker /opt/trainyard /srv/git /usr/local/bin /usr/local/share/trainyard"
    " /var/lib/jenkins /var/lib/trainyard /var/lib/jenkins-agent /var/backups/trainyard"
)


def test_no_secret_is_readable_by_others(controller: Host, secrets: dict[str, str]) -> None:
    assert len(secrets) >= 5 and all(len(value) >= 32 for value in secrets.values())
    patterns = "\n".join(secrets.values())
    found = controller.run(
        f"grep -rlFf - /etc /opt/trainyard/current/pyvenv.cfg /var/lib/jenkins /var/lib/trainyard /var/log /srv/git /tmp"
        f" /usr/local 2>/dev/null <<'E' | xargs -r stat -c '%a %n'\n{patterns}\nE",
        check=False,
    )
    open_to_all = [
        line for line in found.splitlines() if re.match(r"\d*[4-7] ", line) and not line.startswith("exit")
    ]
    assert open_to_all == []
    assert controller.run("stat -c %a /etc/jenkins/secrets") == "750"
    assert controller.run("find /etc/trainyard /etc/jenkins -name '*key' -perm /007") == ""


def test_no_secret_is_in_the_journal_or_a_process_list(any_host: Host, secrets: dict[str, str]) -> None:
    # the patterns go in by standard input, so that the search does not find itself
    patterns = "\n".join(secrets.values()) + "\n"
    any_host.run("cat > /run/patterns", stdin=patterns)
    assert any_host.run("journalctl --no-pager | grep -cFf /run/patterns || true") == "0"
    assert (
        any_host.run("cat /proc/*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -cFf /run/patterns || true")
        == "0"
    )
    any_host.run("rm /run/patterns")


def test_nothing_is_writable_by_everybody_and_no_program_is_set_uid(any_host: Host) -> None:
    assert any_host.run(f"find {OURS} ! -type l ( -perm -o+w -o -perm /6000 -type f ) 2>/dev/null || true".replace(
        "(", "\\(").replace(")", "\\)")) == ""  # fmt: skip


def test_what_services_run_belongs_to_root(any_host: Host) -> None:
    assert any_host.run("find /opt/trainyard ! -user root | head") == ""
    assert any_host.run("find /etc/systemd/system -type f ! -user root") == ""
    assert any_host.run("find /srv/git/*.git/hooks -type f ! -user root 2>/dev/null || true") == ""


def test_nothing_listens_beyond_the_documented_ports(any_host: Host) -> None:
    """docs/reference/ports.md, the loopback included."""
    rows = [row.split() for row in any_host.run("ss -Htuln").splitlines()]
    controller = any_host.name.endswith("controller")
    everywhere = {("tcp", "22")} | ({("tcp", "8080")} if controller else set())
    here = everywhere | {("tcp", "8501"), ("udp", "323")} | ({("tcp", "9118")} if controller else set())
    listening = {(row[0], *row[4].rpartition(":")[::2]) for row in rows}
    for protocol, address, port in listening:
        if address == "127.0.0.11":
            continue  # the name server that Docker gives the container which is the host here
        allowed = here if address.startswith(("127.", "[::1]")) else everywhere
        assert (protocol, port) in allowed, rows


def test_root_runs_only_what_must_be_root(any_host: Host) -> None:
    names = set(any_host.run("ps -o comm= -U root").split())
    allowed = {"systemd", "systemd-journal", "dbus-daemon", "sshd", "dockerd", "containerd", "firewalld", "polkitd", "cron",
               "crond", "rsyslogd", "ps", "bash", "sh", "chronyd", "hostinit", "(sd-pam)", "agetty"}  # fmt: skip
    extra = {
        n
        for n in names
        if n not in allowed and not n.startswith(("containerd-shim", "systemd", "docker", "runc"))
    }
    assert extra == set()


def test_the_engine_is_for_root_and_the_account_that_runs_the_verbs(any_host: Host) -> None:
    account = "jenkins" if any_host.name.endswith("controller") else "trainyard"
    assert any_host.run("stat -c '%U %G %a' /var/run/docker.sock") == "root docker 660"
    assert any_host.run("getent group docker").split(":")[3] == account
    security = any_host.run("docker run --rm trainyard-base:bookworm grep -E '^NoNewPrivs' /proc/self/status")
    assert security.split() == ["NoNewPrivs:", "1"]


def test_jenkins_is_an_account_of_its_own_that_can_change_no_program(controller: Host) -> None:
    pid = controller.run("systemctl show -p MainPID --value jenkins")
    assert controller.run(f"stat -c %U /proc/{pid}") == "jenkins"
    assert re.search(r"NoNewPrivs:\s+1", controller.run(f"cat /proc/{pid}/status"))
    inside = f"nsenter --mount --target {pid} --"
    for path in ("/usr", "/etc", "/proc/sys"):
        options = controller.run(f"{inside} findmnt -n -o OPTIONS --target {path}")
        assert "ro" in options.split(","), f"{path}: {options}"


@pytest.mark.parametrize("service", ["watch", "serve"])
def test_a_service_is_no_root_and_can_write_its_own_folder_alone(controller: Host, service: str) -> None:
    pid = controller.run(f"systemctl show -p MainPID --value trainyard-{service}")
    assert controller.run(f"stat -c %U /proc/{pid}") == "jenkins"
    status = controller.run(f"cat /proc/{pid}/status")
    assert re.search(r"NoNewPrivs:\s+1", status) and re.search(r"CapBnd:\s+0+$", status, re.M)
    inside = f"nsenter --mount --target {pid} --"
    for path, wanted in {
        "/": "ro",
        "/var/lib/trainyard/runs": "ro",
        f"/var/lib/trainyard/{service}": "rw",
    }.items():
        options = controller.run(f"{inside} findmnt -n -o OPTIONS --target {path}")
        assert wanted in options.split(","), f"{path}: {options}"


def test_accounts_for_programs_come_in_with_a_key_and_get_no_forwarding(any_host: Host) -> None:
    account = "git" if any_host.name.endswith("controller") else "trainyard"
    settings = dict(
        line.split(" ", 1) for line in any_host.run(f"$(command -v sshd) -T -C user={account}").splitlines()
    )
    assert settings["authenticationmethods"] == "publickey"
    assert settings["disableforwarding"] == "yes" and settings["permituserrc"] == "no"
    if account == "git":
        assert settings["permittty"] == "no"
        assert any_host.run("getent passwd git").endswith("/git-shell")


def test_every_source_of_packages_is_signed(any_host: Host) -> None:
    if any_host.el:
        assert any_host.run("grep -Lx 'gpgcheck *= *1' /etc/yum.repos.d/*.repo || true") == ""
        return
    added = any_host.run("cat /etc/apt/sources.list.d/*.list")
    assert "trusted" not in added and added.count("signed-by=") == len(added.splitlines())


def test_the_firewall_opens_what_is_documented(controller: Host) -> None:
    if not controller.el:
        assert controller.run("systemctl is-active firewalld", check=False).startswith("exit")
        return
    assert controller.run("firewall-cmd --zone=public --list-ports") == "8080/tcp"
    assert "docker0" in controller.run("firewall-cmd --zone=docker --list-interfaces")
