"""Every installed service keeps the contract."""

from pathlib import Path

import pytest

from escape_vre.core.loops import Loops
from escape_vre.core.registry import plugins
from escape_vre.core.settings import Transfers
from escape_vre.jobs.build import make_desk
from escape_vre.testing.contract import ServiceContract


@pytest.fixture
def desk(tmp_path):
    def service(_):
        raise AssertionError("no job is run here")

    return make_desk(
        state=tmp_path,
        lock=tmp_path / "lock",
        settings=Transfers(),
        data_dir=Path.cwd,
        service=service,
        keep_days=1,
        loops=Loops(),
    )


class TestDataLake(ServiceContract):
    name = "datalake"


def test_every_installed_service_has_a_contract_test():
    tested = {kind.name for kind in ServiceContract.__subclasses__()}
    assert tested >= set(plugins())
