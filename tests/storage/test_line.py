"""The order of turns, for any clients, however much each of them asks for."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from fitserve.storage.line import Waiting, in_turn
from fitserve.storage.store import Key

CLIENTS = st.sampled_from("abc")


@given(st.lists(CLIENTS), st.lists(CLIENTS))
def test_all_have_a_turn_and_none_waits_for_anothers_second(
    clients: list[str], training: list[str]
) -> None:
    waiting = [Waiting(Key("knn", n), client, f"{n:05}") for n, client in enumerate(clients)]
    of = {one.key: one.client for one in waiting}
    turns = in_turn(waiting, training)
    assert sorted(turns) == sorted(of)
    have, left = Counter(training), Counter(clients)
    for key in turns:
        client = of[key]
        assert all(have[client] <= have[other] for other in left if left[other])
        have[client] += 1
        left[client] -= 1
    for client in set(clients):
        own = [key for key in turns if of[key] == client]
        assert own == sorted(own)
