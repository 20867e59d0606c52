"""Ansible module: Jenkins has exactly the jobs and views of these repositories.

Runs with the Python of the installed package, whose Jenkins Job Builder renders and whose python-jenkins
loads. Jenkins rewrites what it is given, so "the same" is decided by two digests kept in a manifest: of what
was rendered, and of what Jenkins answered right after it was loaded. The first finds changed templates, the
second changes made by hand.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: trainyard_jobs
short_description: The Jenkins jobs and views of the watched repositories
description: Renders, loads what differs, removes what is no longer wanted, leaves other jobs alone.
author: Trainyard
options:
  repos: {description: The repositories., type: list, elements: dict, required: true}
  policy: {description: What each repository's own policy is laid over., type: dict, required: true}
  git_root: {description: Where repositories without a url are., type: path, required: true}
  url: {description: Where Jenkins answers., type: str, required: true}
  user: {description: Who loads., type: str, required: true}
  token: {description: The API token., type: str, required: true}
  manifest: {description: What was loaded last., type: path, required: true}
"""


def policy_text(policy: dict) -> str:
    """A policy as `trainyard pull --policy` takes it, always in the same order."""
    return " ".join(f"{key}={policy[key]}" for key in sorted(policy, key=lambda k: (k != "preset", k)))


def job_values(repo: dict, policy: dict, git_root: str) -> dict:
    """What the job templates ask of one repository."""
    own = repo.get("policy") or {}
    # A preset of its own starts over; single values are laid over what all repositories have.
    merged = dict(own) if "preset" in own else {**policy, **own}
    values = {
        "repo": repo["name"],
        "url": repo.get("url") or f"{git_root}/{repo['name']}.git",
        "branch": repo.get("branch") or "main",
        "policy": policy_text(merged),
        "paused": bool(repo.get("paused", False)),
    }
    optional = {"label": repo.get("label"), "catch-up": repo.get("catch_up")}
    return values | {key: value for key, value in optional.items() if value}


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def decide(rendered: dict, known: dict, live: dict) -> tuple[list, list, list]:
    """What to create, update and remove.

    Args:
        rendered: XML by name, as it shall be.
        known: the manifest: `{name: {"rendered": digest, "live": digest}}`.
        live: XML by name as Jenkins has it now, for names that are rendered or known.
    """
    create = [name for name in rendered if name not in live]
    update = [
        name
        for name, xml in rendered.items()
        if name in live and known.get(name) != {"rendered": digest(xml), "live": digest(live[name])}
    ]
    remove = [name for name in known if name not in rendered and name in live]
    return create, update, remove


class Kind:
    """Jobs and views have the same calls under different names."""

    def __init__(self, server: object, kind: str) -> None:
        self.name = kind
        self.exists = getattr(server, f"{kind}_exists")
        self.get = getattr(server, f"get_{kind}_config")
        self.create = getattr(server, f"create_{kind}")
        self.update = getattr(server, f"reconfig_{kind}")
        self.remove = getattr(server, f"delete_{kind}")


def read_manifest(path: Path) -> dict:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return {}  # absent or torn: everything is loaded once more, which changes nothing in Jenkins


def write_manifest(path: Path, content: dict) -> None:
    descriptor, temporary = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file, indent=1, sort_keys=True)
    Path(temporary).replace(path)


def main() -> None:
    options = {"type": "str", "required": True}
    module = AnsibleModule(
        argument_spec={
            "repos": {"type": "list", "elements": "dict", "required": True},
            "policy": {"type": "dict", "required": True},
            "git_root": {"type": "path", "required": True},
            "url": options,
            "user": options,
            "token": {**options, "no_log": True},
            "manifest": {"type": "path", "required": True},
        },
        supports_check_mode=True,
    )
    given = module.params
    import jenkins

    from trainyard import resources
    from trainyard.chain import jjb
    from trainyard.exits import TrainyardError

    files = sorted(f for f in resources.JENKINS_JOBS.glob("*.yaml") if f.name != "repos.yaml")
    repos = [job_values(repo, given["policy"], given["git_root"]) for repo in given["repos"]]
    try:
        rendered = jjb.render_files(files, repos)
    except TrainyardError as error:
        module.fail_json(msg=str(error))
    server = jenkins.Jenkins(given["url"], given["user"], given["token"], timeout=30)
    manifest_file = Path(given["manifest"])
    manifest = read_manifest(manifest_file)
    result: dict = {"created": [], "updated": [], "removed": []}
    try:
        for kind, wanted in ((Kind(server, "job"), rendered.jobs), (Kind(server, "view"), rendered.views)):
            known = manifest.setdefault(kind.name, {})
            live = {name: kind.get(name) for name in dict.fromkeys([*wanted, *known]) if kind.exists(name)}
            create, update, remove = decide(wanted, known, live)
            result["created"] += create
            result["updated"] += update
            result["removed"] += remove
            if module.check_mode:
                continue
            for name in create + update:
                (kind.create if name in create else kind.update)(name, wanted[name])
                known[name] = {"rendered": digest(wanted[name]), "live": digest(kind.get(name))}
                write_manifest(manifest_file, manifest)
            for name in remove:
                kind.remove(name)
            if set(known) - set(wanted):
                manifest[kind.name] = {name: known[name] for name in known if name in wanted}
                write_manifest(manifest_file, manifest)
    except jenkins.JenkinsException as error:
        module.fail_json(
            msg=f"Jenkins at {given['url']}: {error}. Is it up, and is the token of {given['user']} valid?"
        )
    module.exit_json(changed=any(result.values()), **result)


if __name__ == "__main__":
    main()
