"""The ways in which an image of alpha.example is led through a client."""

from __future__ import annotations

import enum

import pytest

from .stand import Stand


class Way(enum.Enum):
    ONE = "one registry"
    PATH = "path"
    OWN = "own address"
    # hosts.toml and ns=, or registries.conf and the path.
    MIRROR = "mirror"

    @property
    def identifier(self) -> str:
        return self.value.replace(" ", "-")

    def lead(self, engine, stand: Stand, image: str) -> tuple:
        """The client, and the name by which the engine is to call the image, such as `demo/app:latest`. Skips where the
        engine has no such way."""
        if self is Way.ONE:
            return stand.one, f"{stand.one.address}/{image}"
        if self is Way.PATH:
            return stand.several, f"{stand.several.address}/alpha.example/{image}"
        if self is Way.OWN:
            return stand.several, f"{stand.several.alpha}/{image}"
        if not engine.mirrors_by:
            pytest.skip(f"{engine.name} asks no mirror of alpha.example")
        engine.mirror("alpha.example", stand.several.address)
        return stand.several, f"alpha.example/{image}"


WAYS = pytest.mark.parametrize("way", list(Way), ids=lambda way: way.identifier)
