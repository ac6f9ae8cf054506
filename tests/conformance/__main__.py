"""`make conformance`: the public GraphQL-over-HTTP audits against a demo hub on a free port."""

import asyncio
import subprocess
import sys
from pathlib import Path

from hub.clock import now
from hub.demo.installation import open_installation
from hub.demo.issuer import TokenRequest
from hub.demo.running import prepare_registry, start_hub
from schema.vocabulary import Department, Level, Role

FOLDER = Path(__file__).parent


async def main() -> int:
    """Exit status of the audits: 1 when a MUST fails."""
    subprocess.run(["npm", "ci", "--ignore-scripts", "--silent"], cwd=FOLDER, check=True)  # noqa: ASYNC221
    async with open_installation(2_000, 1, 0) as installation:
        await prepare_registry(installation, lambda _source, _persons: None)
        request = TokenRequest(Department.EDUCATION, (Role.WINDOW_CLERK,), Level.CITY, "3205", ("school-enrolment",))
        token = installation.issuer.mint(request, audience=installation.settings.audience, now=now())
        with start_hub(installation.settings_file) as hub:
            audits = ["node", str(FOLDER / "audit.mjs"), f"{hub.address}/graphql", token]
            return (await asyncio.to_thread(subprocess.run, audits, timeout=300, check=False)).returncode


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
