"""A loop that delivers webhooks, run by path as its own process until it is killed: DATABASE_URL."""

from __future__ import annotations

import asyncio
import sys

from cutroom.db.engine import Database
from cutroom.net.addresses import Allowed
from cutroom.net.client import SafeClient
from cutroom.net.webhooks.delivering import Deliveries


async def main(url: str) -> None:
    client = SafeClient(Allowed.parse(["127.0.0.1"]))
    await Deliveries(Database(url), client, timeout_seconds=1.0).run(asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
