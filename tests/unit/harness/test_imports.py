from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from trainyard_harness.imports import AfterImport

TOLD = "import gc\nenabled = gc.isenabled()\n"


@pytest.fixture
def hooked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AfterImport]:
    """Two hooked modules, `outer_one` which imports `inner_one`; each says whether garbage is collected."""
    (tmp_path / "inner_one.py").write_text(TOLD)
    (tmp_path / "outer_one.py").write_text(f"import inner_one\n{TOLD}")
    (tmp_path / "broken_one.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    imports = AfterImport(lambda where, error: pytest.fail(f"{where}: {error}"))
    for name in ("inner_one", "outer_one", "broken_one"):
        imports.add(name, lambda module: None)
    imports.install()
    yield imports
    for name in ("inner_one", "outer_one"):
        sys.modules.pop(name, None)
    gc.unfreeze()


@pytest.mark.usefixtures("hooked")
def test_garbage_is_collected_again_after_the_outermost_import() -> None:
    import outer_one  # type: ignore[import-not-found]

    assert not outer_one.enabled and not outer_one.inner_one.enabled
    assert gc.isenabled()
    assert gc.get_freeze_count()


@pytest.mark.usefixtures("hooked")
def test_an_import_that_fails_leaves_the_collector_as_it_was() -> None:
    with pytest.raises(ZeroDivisionError):
        import broken_one  # type: ignore[import-not-found]  # noqa: F401
    assert gc.isenabled()


@pytest.mark.usefixtures("hooked")
def test_a_script_that_has_no_garbage_collected_keeps_it_so() -> None:
    gc.disable()
    try:
        import outer_one  # noqa: F401

        assert not gc.isenabled()
        assert not gc.get_freeze_count()
    finally:
        gc.enable()
