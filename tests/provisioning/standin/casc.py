"""Reads of a JCasC file what the stand-in acts on; an unknown key is an error that stops the start, as in the plugin."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

import yaml

# What Jenkins 2.568 and the pinned plugins take, of the parts that the role writes. `excludeClientIPFromCrumb`, which most
# examples have, is gone since 2.543 and keeps Jenkins from starting.
KNOWN = {
    "": "jenkins credentials unclassified security appearance",
    "jenkins": "authorizationStrategy clouds crumbIssuer disabledAdministrativeMonitors disableRememberMe globalNodeProperties"
    " labelAtoms labelString log markupFormatter mode myViewsTabBar noUsageStatistics nodeProperties nodes numExecutors"
    " primaryView projectNamingStrategy proxy quietPeriod remotingSecurity scmCheckoutRetryCount securityRealm slaveAgentPort"
    " systemMessage updateCenter views viewsTabBar",
    "jenkins.crumbIssuer": "standard",
    "jenkins.crumbIssuer.standard": "",
    "jenkins.securityRealm.local": "allowsSignup enableCaptcha users",
    "jenkins.securityRealm.local.users": "id name description password properties",
    "jenkins.authorizationStrategy.globalMatrix": "entries",
    "jenkins.authorizationStrategy.globalMatrix.entries": "user group",
    "jenkins.authorizationStrategy.globalMatrix.entries.user": "name permissions",
    "jenkins.nodes.permanent": "name nodeDescription numExecutors remoteFS labelString mode launcher retentionStrategy"
    " nodeProperties",
    "jenkins.nodes.permanent.launcher.ssh": "host port credentialsId javaPath jvmOptions launchTimeoutSeconds maxNumRetries"
    " retryWaitTime prefixStartSlaveCmd suffixStartSlaveCmd sshHostKeyVerificationStrategy tcpNoDelay workDir",
    "jenkins.nodes.permanent.launcher.ssh.sshHostKeyVerificationStrategy.manuallyProvidedKeyVerificationStrategy": "key",
    "credentials.system.domainCredentials": "domain credentials",
    "credentials.system.domainCredentials.credentials.basicSSHUserPrivateKey": "scope id username description passphrase"
    " privateKeySource usernameSecret",
    "unclassified": "location",
    "unclassified.location": "url adminAddress",
}
PERMISSIONS = {"Overall/Administer", "Overall/Read", "Job/Build", "Job/Cancel", "Job/Read", "View/Read"}


def check(value: object, where: str = "") -> None:
    """Refuses keys that no configurator takes, wherever they stand."""
    if isinstance(value, list):
        for item in value:
            check(item, where)
    if isinstance(value, dict):
        unknown = set(value) - set(KNOWN[where].split()) if where in KNOWN else set()
        if unknown:
            raise ValueError(f"{where or 'top'}: invalid configuration elements {sorted(unknown)}")
        for key, item in value.items():
            check(item, f"{where}.{key}".lstrip("."))


@dataclass
class Settings:
    users: dict[str, str] = field(default_factory=dict)
    permissions: dict[str, set[str]] = field(default_factory=lambda: {"anonymous": {"Overall/Administer"}})
    executors: int = 2
    labels: set[str] = field(default_factory=set)
    nodes: list[dict] = field(default_factory=list)

    def allows(self, user: str, permission: str) -> bool:
        """Anonymous and unknown people may what the file says; Administer implies everything."""
        held = set(self.permissions.get(user, set()))
        if user != "anonymous":
            held |= self.permissions.get("authenticated", set())
        return permission in held or "Overall/Administer" in held

    @classmethod
    def load(cls) -> Settings:
        path = os.environ["CASC_JENKINS_CONFIG"]
        tree = expand(yaml.safe_load(Path(path).read_text()))
        check(tree)
        jenkins = tree["jenkins"]
        users = {u["id"]: u["password"] for u in jenkins["securityRealm"]["local"]["users"]}
        permissions: dict[str, set[str]] = {}
        for entry in jenkins["authorizationStrategy"]["globalMatrix"]["entries"]:
            ((_, who),) = entry.items()
            permissions[who["name"]] = set(who["permissions"])
            if permissions[who["name"]] - PERMISSIONS:
                raise ValueError(
                    f"{who['name']}: unknown permissions {sorted(permissions[who['name']] - PERMISSIONS)}"
                )
        nodes = [n["permanent"] for n in jenkins.get("nodes", [])]
        return cls(
            users, permissions, jenkins["numExecutors"], set(jenkins.get("labelString", "").split()), nodes
        )


def expand(value: object) -> object:
    """`${readFile:PATH}` anywhere in a string, as JCasC does it."""
    if isinstance(value, dict):
        return {k: expand(v) for k, v in value.items()}
    if isinstance(value, list):
        return [expand(v) for v in value]
    if isinstance(value, str):
        return re.sub(r"\$\{readFile:([^}]+)\}", lambda m: Path(m[1]).read_text(), value)
    return value
