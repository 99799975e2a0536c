"""The reference pages say what the code says."""

import pytest

from leadflow.operations import reference


@pytest.mark.django_db
def test_the_reference_pages_are_up_to_date() -> None:
    assert reference.stale_pages() == [], "run manage.py reference"
