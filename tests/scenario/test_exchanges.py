"""Every exchange of `exchanges/*.txt`, over HTTP, against the hub as an operator runs it."""

from pathlib import Path

import pytest

from tests.scenario.exchange import Exchange, read_exchanges
from tests.scenario.playing import Player

EXCHANGES = list(read_exchanges(Path(__file__).with_name("exchanges")))


@pytest.mark.parametrize("exchange", EXCHANGES, ids=lambda exchange: exchange.name)
def test_each_exchange_goes_as_written(player: Player, exchange: Exchange) -> None:
    """Who asks gets what the scenario says, nothing more, with the reasons it says."""
    player.check(exchange, player.play(exchange))
