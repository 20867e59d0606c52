"""What GitHub, GitLab, Gitea and Forgejo send, and whether it is theirs. Decides only; no network here.

https://docs.github.com/en/webhooks (X-Hub-Signature-256: HMAC-SHA256 of the body),
https://docs.gitlab.com/user/project/integrations/webhooks (X-Gitlab-Token: the secret itself),
https://docs.gitea.com/usage/repository/webhooks and https://forgejo.org/docs/latest/user/webhooks
(X-Gitea-Signature, X-Forgejo-Signature: the same HMAC without its prefix).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from trainyard.watch.heads import BRANCHES, COMMIT

MAX_BODY = 5 * 2**20
"""A longer body is refused before it is read. A push of two thousand commits has about two."""


class RefusedError(Exception):
    """Not a genuine, understandable webhook. `status` is the HTTP answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Pushed(NamedTuple):
    """A push that was announced. An empty `commit`: the branch was deleted."""

    branch: str
    commit: str
    forced: bool


class _Payload(msgspec.Struct):
    """The fields that all four spell alike."""

    ref: str
    after: str
    deleted: bool = False
    forced: bool = False


def genuine(headers: Mapping[str, str], body: bytes, secrets: Sequence[bytes]) -> str:
    """Whose webhook it is, once its signature is right.

    Args:
        headers: case-insensitive, or with the names as above.
        secrets: any of them may have signed.

    Raises:
        RefusedError: 401.
    """
    for name, header, prefix in (
        ("forgejo", "X-Forgejo-Signature", ""),
        ("gitea", "X-Gitea-Signature", ""),
        ("github", "X-Hub-Signature-256", "sha256="),
    ):
        if (given := headers.get(header)) is not None:
            # the first header there decides: a wrong one is not saved by another
            proofs = [(prefix + hmac.new(s, body, hashlib.sha256).hexdigest()).encode() for s in secrets]
            return _checked(name, given, proofs)
    if (given := headers.get("X-Gitlab-Token")) is not None:
        return _checked("gitlab", given, secrets)
    raise RefusedError(401, "not signed")


def event(provider: str, headers: Mapping[str, str]) -> str:
    """`push`, or another event's name."""
    if provider == "gitlab":
        name = headers.get("X-Gitlab-Event", "")
        return "push" if name == "Push Hook" else name
    names = {"github": "X-GitHub-Event", "gitea": "X-Gitea-Event", "forgejo": "X-Forgejo-Event"}
    return headers.get(names[provider], "")


def delivery(provider: str, headers: Mapping[str, str]) -> str:
    """The delivery's own number; a provider repeats it when it sends again what it believes was lost."""
    names = {"github": "X-GitHub-Delivery", "gitlab": "X-Gitlab-Event-UUID"}
    return headers.get(names.get(provider, f"X-{provider.title()}-Delivery"), "")


def pushed(body: bytes) -> Pushed | None:
    """The push that the body announces; None for a tag.

    Raises:
        RefusedError: 400.
    """
    try:
        payload = msgspec.json.decode(body, type=_Payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise RefusedError(400, "not a push in JSON") from None
    if not payload.ref.startswith(BRANCHES):
        return None
    branch = payload.ref.removeprefix(BRANCHES)
    if (
        not COMMIT.fullmatch(payload.after)
        or not branch
        or any(ord(c) < 0x20 or ord(c) == 0x7F for c in branch)
    ):
        raise RefusedError(400, "no branch and commit")
    gone = payload.deleted or set(payload.after) == {"0"}
    return Pushed(branch, "" if gone else payload.after, payload.forced)


def _checked(name: str, given: str, proofs: Sequence[bytes]) -> str:
    said = given.encode(errors="surrogateescape")
    # all are compared, so that the time taken says nothing
    if sum(hmac.compare_digest(said, proof) for proof in proofs):
        return name
    raise RefusedError(401, "wrong signature")
