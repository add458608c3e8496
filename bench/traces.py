"""Four ways in which keys are asked for, and the hit ratios of ways to keep some of them."""

from __future__ import annotations

import random
from collections import Counter, OrderedDict
from collections.abc import Callable

KEYS = 20_000
ASKED = 200_000

Trace = list[int]


def zipf(exponent: float, *, seed: int = 7) -> Trace:
    """A few are asked for often: the r-th of all as often as r to the minus `exponent`."""
    chance = random.Random(seed)
    weights = [rank**-exponent for rank in range(1, KEYS + 1)]
    names = list(range(KEYS))
    chance.shuffle(names)
    return chance.choices(names, weights, k=ASKED)


def scan_and_loop() -> Trace:
    """A favourite tenth, and in between somebody who pages through everything once."""
    often, trace = zipf(1.0, seed=8), []
    for number in range(0, ASKED, 10_000):
        trace += often[number : number + 7_000]
        trace += [KEYS + number + step for step in range(3_000)]
    return trace


def drift() -> Trace:
    """Favourites that change: after each tenth others are asked for."""
    trace = zipf(1.0, seed=9)
    return [(key + 2_000 * (place * 10 // ASKED)) % KEYS for place, key in enumerate(trace)]


TRACES: dict[str, Callable[[], Trace]] = {
    "zipf 1.0": lambda: zipf(1.0),
    "zipf 0.8": lambda: zipf(0.8),
    "scans between": scan_and_loop,
    "drift": drift,
}


def of_cutroom(trace: Trace, capacity: int, policy: str) -> float:
    """The hit ratio of `cutroom.cache` with room for `capacity` entries."""
    from cutroom.cache.entry import MISSING, Entry
    from cutroom.cache.memory import Memory

    memory, hits = Memory(500 * capacity, policy=policy), 0
    for number in trace:
        key = str(number)
        if memory.peek(key) is MISSING:
            memory.put(Entry(key, 1, size=100, fresh_until=1e18, dead_at=1e18))
        else:
            hits += 1
    return hits / len(trace)


def of_lru(trace: Trace, capacity: int) -> float:
    """The hit ratio of cachetools' LRUCache."""
    import cachetools

    cache: cachetools.LRUCache[int, int] = cachetools.LRUCache(capacity)
    hits = 0
    for key in trace:
        if key in cache:
            hits += 1
            cache[key]
        else:
            cache[key] = 1
    return hits / len(trace)


def of_sieve(trace: Trace, capacity: int) -> float:
    """The hit ratio of SIEVE (Zhang et al. 2024): a hand walks from old to new, and the first that was not hit goes."""
    order: list[int] = []  # the oldest first
    hit: dict[int, bool] = {}
    hand = hits = 0
    for key in trace:
        if key in hit:
            hits += 1
            hit[key] = True
            continue
        if len(order) >= capacity:
            while hit[order[hand % len(order)]]:
                hit[order[hand % len(order)]] = False
                hand += 1
            hand %= len(order)
            del hit[order.pop(hand)]
            hand = hand % len(order) if order else 0
        order.append(key)
        hit[key] = False
    return hits / len(trace)


def of_tinylfu(trace: Trace, capacity: int) -> float:
    """The hit ratio of W-TinyLFU (Einziger, Friedman, Manes 2017) with exact counts that are halved at ten capacities.

    A window of 1 %, then a segmented LRU of which 80 % are protected; who leaves the window has to have been asked for
    more often than whom it would replace.
    """
    window_size = max(1, capacity // 100)
    protected_size = (capacity - window_size) * 8 // 10
    window: OrderedDict[int, None] = OrderedDict()
    probation: OrderedDict[int, None] = OrderedDict()
    protected: OrderedDict[int, None] = OrderedDict()
    counts: Counter[int] = Counter()
    hits = counted = 0
    for key in trace:
        counts[key] += 1
        counted += 1
        if counted >= capacity * 10:
            counts = Counter({one: count // 2 for one, count in counts.items() if count > 1})
            counted //= 2
        if key in window:
            hits += 1
            window.move_to_end(key)
        elif key in protected:
            hits += 1
            protected.move_to_end(key)
        elif key in probation:
            hits += 1
            del probation[key]
            protected[key] = None
            if len(protected) > protected_size:
                probation[protected.popitem(last=False)[0]] = None
        else:
            window[key] = None
            if len(window) > window_size:
                candidate = window.popitem(last=False)[0]
                if len(probation) + len(protected) < capacity - window_size:
                    probation[candidate] = None
                else:
                    victim = next(iter(probation or protected))
                    if counts[candidate] > counts[victim]:
                        (probation if probation else protected).pop(victim)
                        probation[candidate] = None
    return hits / len(trace)
