"""Rule `ask`, whose waits between two tries take a fiftieth of their time."""

import asyncio
import runpy
from pathlib import Path
from typing import Any

sleep = asyncio.sleep


async def hurry(seconds: float, result: Any = None) -> Any:
    return await sleep(seconds / 50, result)


asyncio.sleep = hurry  # type: ignore[assignment]
runpy.run_path(str(Path(__file__).parents[2] / "scripts/ask.py"), run_name="__main__")
