"""This host's pip settings reach an installation in a container, its passwords no package's code."""

from __future__ import annotations

from pathlib import Path

from trainyard.images.settings import settings_from


def test_indexes_and_folders_are_passed_on_and_mounted(tmp_path: Path) -> None:
    (tmp_path / "index" / "simple").mkdir(parents=True)
    (tmp_path / "wheels").mkdir()
    listed = (
        "global.index-url='https://mirror.example/simple'\n"
        f"global.extra-index-url='file://{tmp_path}/index/simple https://other.example/simple'\n"
        f":env:.find-links='{tmp_path}/wheels'\n"
        "global.cert='/etc/ssl/own.crt'\n"
    )
    found = settings_from(listed, {})
    assert found.local == [tmp_path / "index", tmp_path / "wheels"]
    assert f"find-links = {tmp_path}/wheels\n" in found.conf
    assert "index-url = https://mirror.example/simple\n" in found.conf
    assert "own.crt" not in found.conf


def test_the_environments_settings_win_over_the_files() -> None:
    listed = ":env:.index-url='https://two.example/simple'\nglobal.index-url='https://one.example/simple'\n"
    assert "two.example" in settings_from(listed, {}).conf
    assert "one.example" not in settings_from(listed, {}).conf


def test_a_ca_bundle_is_named_where_the_container_has_it() -> None:
    assert (
        "cert = /run/trainyard/ca.crt\n" in settings_from("", {"SSL_CERT_FILE": "/run/trainyard/ca.crt"}).conf
    )


def test_a_password_in_a_url_is_noticed() -> None:
    assert settings_from("global.index-url='https://me:secret@mirror.example/simple'", {}).secret
    assert not settings_from("global.index-url='https://mirror.example/simple'", {}).secret


def test_settings_that_name_commands_or_places_to_install_to_are_not_passed_on() -> None:
    listed = "global.target='/etc'\nglobal.log='/var/log/x'\nglobal.proxy='http://p'\n"
    assert settings_from(listed, {}).conf == "[global]\n"
