"""Test the permissions of the jobs in the GitHub workflows."""

from pathlib import Path

import pytest

from tests.support.deployment_files import ROOT, load_yaml

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_checkout_leaves_no_credentials_for_later_steps(path: Path) -> None:
    """Later steps run the code of libraries, which must not be able to push."""
    jobs = load_yaml(path)["jobs"].values()
    checkouts = [step for job in jobs for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@")]

    assert [step["with"]["persist-credentials"] for step in checkouts] == [False] * len(checkouts)
