"""The map that advice is asked with: one made up, unless a test asks for the shipped one."""

import pytest
from studies.made_map import made_map

from normwise.advice.atlas import atlas_of
from normwise.analysis.learn.atlas import KINDS, TABLES, read_atlas


@pytest.fixture(scope="session")
def map_tables():
    return made_map()


@pytest.fixture(scope="session")
def atlas(map_tables):
    return atlas_of(map_tables)


@pytest.fixture(scope="session")
def shipped_atlas():
    return atlas_of(read_atlas((*TABLES, KINDS)))


@pytest.fixture(autouse=True)
def known_map(request, monkeypatch):
    if "shipped_atlas" not in request.fixturenames:
        made = request.getfixturevalue("map_tables")
        monkeypatch.setattr("normwise.advice.atlas.read_atlas", lambda _: made)
