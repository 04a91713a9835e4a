"""Test that a server accepts the tokens which the README's examples sign (A3)."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from alcove.access.tokens import Claims, Keys
from tests.support.credentials import SECRET, register_credential

README = (Path(__file__).parents[2] / "README.md").read_text()
SIGNERS = {"python": [sys.executable, "-c"], "js": ["node", "-e"]}
PRINT_STATEMENTS = {"python": "\nprint(token)", "js": "\nconsole.log(token)"}


@pytest.mark.parametrize("language", SIGNERS)
def test_a3_the_readmes_three_lines_sign_a_valid_token(language: str) -> None:
    match = re.search(rf"```{language}\n(.*?)\n```", README, re.DOTALL)
    assert match is not None
    assert sum(map(bool, match[1].splitlines())) == 3
    result = subprocess.run(  # noqa: S603 - the README's own lines
        [*SIGNERS[language], match[1] + PRINT_STATEMENTS[language]],
        env={"PATH": os.environ["PATH"], "ALCOVE_SECRET": SECRET},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout

    claims = asyncio.run(Keys(SECRET, None, 2).check(register_credential(result.strip())))
    assert claims == Claims("ada", claims.exp, "Ada", claims.iat, {"order-17": "rw"})
    assert claims.iat is not None
    assert pytest.approx(claims.exp - claims.iat, abs=1) == 900
