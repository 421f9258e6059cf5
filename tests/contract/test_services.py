"""Every installed service keeps the contract."""

from pathlib import Path

import pytest

from escape_vre.core.registry import plugins
from escape_vre.core.settings import Transfers
from escape_vre.jobs.desk import JobDesk
from escape_vre.jobs.lease import Owner
from escape_vre.testing.contract import ServiceContract


@pytest.fixture
def desk(tmp_path):
    def fetchable(_):
        raise AssertionError("no job is run here")

    return JobDesk(
        state=tmp_path,
        owner=Owner.this(tmp_path / "lock"),
        settings=Transfers(),
        fetchable=fetchable,
        keep_days=1,
        data_dir=Path.cwd,
    )


class TestDataLake(ServiceContract):
    name = "datalake"


def test_every_installed_service_has_a_contract_test():
    tested = {kind.name for kind in ServiceContract.__subclasses__()}
    assert tested == set(plugins())
