"""Parts of the demo that need no server."""

import importlib.util
import os
from pathlib import Path
from types import ModuleType

import pytest
from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def layers() -> ModuleType:
    """``demosite.layers``, without the demo's settings."""
    spec = importlib.util.spec_from_file_location("demo_layers", ROOT / "demo/demosite/layers.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_folder_of_the_channel_layer_is_for_its_user_alone(layers: ModuleType, tmp_path: Path) -> None:
    folder = tmp_path / "layer"
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    layers.LocalChannelLayer(folder)
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_of_another_user_is_refused(
    layers: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = os.getuid()
    monkeypatch.setattr(layers.os, "getuid", lambda: own + 1)
    with pytest.raises(ImproperlyConfigured, match=f"its owner is user {own}, and this is user {own + 1}"):
        layers.LocalChannelLayer(tmp_path / "layer")


def test_a_folder_that_is_a_link_is_refused(layers: ModuleType, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    link = tmp_path / "layer"
    link.symlink_to(target)
    with pytest.raises(ImproperlyConfigured, match="not this user's own"):
        layers.LocalChannelLayer(link)
