"""A hub that is set up wrongly says so in one line and does not start."""

import os
import subprocess
import sys
from pathlib import Path

from connectors.opening import mapping_path
from hub.config import load_settings
from hub.files import write_private
from schema.vocabulary import Source
from tests.demo_city import DemoCity


def start(settings_file: Path) -> tuple[int, str]:
    """Try to serve; exit code and standard error."""
    command = [sys.executable, "-m", "hub", "serve", "--config", str(settings_file)]
    environment = {**os.environ, "HUB_PORT": "0"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, check=False)
    return done.returncode, done.stderr


def changed_settings(city: DemoCity, folder: Path, before: str, after: str) -> Path:
    """The city's settings with something replaced."""
    text = city.settings_file.read_text(encoding="utf-8")
    assert before in text
    path = folder / "hub.toml"
    write_private(path, text.replace(before, after).encode())
    return path


def test_a_mapping_that_names_a_missing_column(city: DemoCity, tmp_path: Path) -> None:
    """The hub names mapping, line and column, and does not start."""
    original = mapping_path("demo-city", Source.POLICE)
    mapping = tmp_path / "police.yaml"
    mapping.write_text(original.read_text(encoding="utf-8").replace("jz_dz", "jz_dizhi"), encoding="utf-8")
    line = next(n for n, text in enumerate(mapping.read_text(encoding="utf-8").splitlines(), 1) if "jz_dizhi" in text)
    code, said = start(changed_settings(city, tmp_path, str(original), str(mapping)))
    assert code == 1
    assert_one_line(said)
    assert f"{mapping}:{line}: " in said
    assert "`jz_dizhi`" in said


def assert_one_line(said: str) -> None:
    """The last line of standard error is the only one that is no log line, and holds no trace and no secret."""
    plain = [line for line in said.splitlines() if not line.startswith("{")]
    assert len(plain) == 1
    assert "Traceback" not in said
    assert "postgresql://" not in said


def test_a_source_that_is_not_synthetic(city: DemoCity, tmp_path: Path) -> None:
    """A sandbox with a source that is not marked synthetic does not start (R4)."""
    code, said = start(changed_settings(city, tmp_path, "synthetic = true", "synthetic = false"))
    assert code == 1
    assert_one_line(said)
    assert "not marked synthetic" in said


def test_an_agreement_nobody_signed(city: DemoCity, tmp_path: Path) -> None:
    """An agreement whose text was changed after it was signed stops the start."""
    agreements = tmp_path / "agreements"
    agreements.mkdir()
    folder = load_settings(city.settings_file).agreements_dir
    assert folder is not None
    for file in folder.iterdir():
        text = file.read_text(encoding="utf-8")
        (agreements / file.name).write_text(text.replace("20000", "20000000"), encoding="utf-8")
    code, said = start(changed_settings(city, tmp_path, str(folder), str(agreements)))
    assert code == 1
    assert_one_line(said)
    assert "signature" in said


def test_a_shard_that_another_process_writes(city: DemoCity) -> None:
    """Two hubs cannot write one shard: the second does not start, and the first goes on."""
    code, said = start(city.settings_file)
    assert code == 1
    assert_one_line(said)
    assert city.ask_plainly().status_code == 200
