"""Steps with less than a third of the validators at fault: finality goes on, and what comes back catches up."""

import time

from bench_run import drive
from demo_run.processes import Failed, wait_until

from .orders import GAP_MS, Series, must_be_quick
from .watch import Watch

# An order reaches every load node within this, from submission to its verification by the node's own light client.
ORDER_MS = 2_000
# The longest that a block may wait while less than a third is at fault.
WAIT_S = 2.0
START_S = 60
CATCH_UP_S = 60
CUT_S = 30
LONG_CUT_S = 180
SLOW_MS = 300
LONG_GAP_MS = (3_000, 5_000)
LOAD = 0.1


def must_go_on(watch, seen, when=""):
    """Keeps what the watch saw, and fails where finality stood still."""
    seen[f"longest_wait{when}_s"] = watch.longest_wait_s()
    seen[f"blocks_finalised{when}"] = watch.finalised()
    if watch.longest_wait_s() > WAIT_S or not watch.finalised():
        raise Failed(f"a block waited {watch.longest_wait_s()} s to become final, {watch.finalised()} became final")


def start(nodes, seen):
    """Starts validators that were killed, and waits until they answer: opening a node takes as long as the machine likes."""
    began = time.monotonic()
    for node in nodes:
        node.program.start()
    for node in nodes:
        wait_until(f"{node.organisation} answers", node.address, START_S, [node.program], 0.05)
    seen["started_after_s"] = round(time.monotonic() - began, 1)


def catch_up(drill, seen):
    """Waits until all validators are at the head of one finalised chain."""
    began = time.monotonic()
    drill.wait_agree(drill.validators, CATCH_UP_S)
    seen["caught_up_s"] = round(time.monotonic() - began, 1)


def killed(drill, say, seen):
    """One validator is killed with -9 and comes back."""
    victim = drill.validators[-1]
    with Watch(drill.validators[0].rpc) as watch:
        orders = Series(drill, 12)
        time.sleep(3)
        victim.program.kill()
        say(f"kill -9 of {victim.organisation}; orders go on")
        must_be_quick(orders.finish(), ORDER_MS, seen)
    must_go_on(watch, seen)
    start([victim], seen)
    catch_up(drill, seen)
    say(f"{victim.organisation} is back, and at the head after {seen['caught_up_s']} s")


def cut(drill, say, seen, seconds, gap_ms=GAP_MS):
    position = len(drill.validators) - 1
    victim = drill.validators[position].organisation
    with Watch(drill.validators[0].rpc) as watch:
        drill.sites.cut(position)
        say(f"{victim} is cut off for {seconds} s; orders go on")
        until = time.monotonic() + seconds
        count = (seconds - 10) * 1000 // gap_ms[1]
        must_be_quick(Series(drill, count, gap_ms=gap_ms).finish(), ORDER_MS, seen)
        time.sleep(max(0, until - time.monotonic()))
        drill.must_run()
    must_go_on(watch, seen)
    drill.sites.heal(position)
    catch_up(drill, seen)
    say(f"{victim} is back, and at the head after {seen['caught_up_s']} s")
    with Watch(drill.validators[0].rpc) as watch:
        must_be_quick(Series(drill, 5).finish(), ORDER_MS, seen, "order_to_load_nodes_afterwards_ms")
    must_go_on(watch, seen, "_afterwards")


def partitioned(drill, say, seen):
    """One validator is cut off from everyone and comes back."""
    cut(drill, say, seen, CUT_S)


def long_partition(drill, say, seen):
    """One validator is cut off for three minutes while blocks carry other transactions, and catches up."""
    load = drive.start_load(drill, LOAD, drill.validators[:1])
    try:
        cut(drill, say, seen, LONG_CUT_S, LONG_GAP_MS)
    finally:
        if load.is_running():
            load.kill()


def slow(drill, say, seen):
    """Everything to and from one validator takes longer than a slot."""
    position = len(drill.validators) - 1
    with Watch(drill.validators[0].rpc) as watch:
        drill.sites.slow(position, SLOW_MS)
        say(f"{drill.validators[position].organisation} is slow by {SLOW_MS} ms each way; orders go on")
        try:
            must_be_quick(Series(drill, 15).finish(), ORDER_MS, seen)
        finally:
            drill.sites.slow(position, 0)
    must_go_on(watch, seen)
    catch_up(drill, seen)
