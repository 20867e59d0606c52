"""The environment variables of a training: the same with every executor, so that results are too."""

from __future__ import annotations

import os

from trainyard.executors.base import Limits

# Every pool of threads that a numerical library makes; the number of threads decides the order of sums.
_THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_MAX_THREADS",
    "LOKY_MAX_CPU_COUNT",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)
_CA_FILES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


def training_environment(limits: Limits) -> dict[str, str]:
    """What every training gets, before its own `env`."""
    threads = str(usable_cpus(limits))
    return {
        **dict.fromkeys(_THREADS, threads),
        "PYTHONHASHSEED": "0",  # fixed before the interpreter starts, or sets iterate differently each time
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "MPLBACKEND": "Agg",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "LANG": "C.UTF-8",
        "USER": "trainer",  # getpass.getuser() of a user that /etc/passwd does not know
    }


def usable_cpus(limits: Limits) -> int:
    """Whole cores of the limit, at least one and at most what the host has."""
    return max(1, min(int(limits.cpus), os.cpu_count() or 1))


def host_ca() -> str | None:
    """The host's own CA bundle, where its operator set one."""
    return next((path for name in _CA_FILES if (path := os.environ.get(name))), None)


def network_environment(ca: str) -> dict[str, str]:
    """How a training reaches the network: the host's proxies, and `ca` where the host has its own bundle."""
    return {name: os.environ[name] for name in _PROXIES if name in os.environ} | ca_environment(ca)


def ca_environment(ca: str) -> dict[str, str]:
    """`ca` as every library's bundle, where the host has its own."""
    return dict.fromkeys(_CA_FILES, ca) if host_ca() else {}
