"""The media worker process, `python -m media`: carries packets, asks the server all else.

The token comes by the environment, CARBET_MEDIA_TOKEN, never on the command line, where any user
of the machine could read it.
"""

import argparse
import asyncio
import fcntl
import gc
import ipaddress
import logging
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

import uvloop

import media.compiled  # before all that it may replace
from media.dial import Line
from media.port import Port
from media.quality import DEFAULT, load
from media.traces import Traces
from media.worker import Worker
from server.kernel import logs, tasks

log = logging.getLogger("carbet.media")
# Packets kept for repairs are many and never in cycles: looking for those took a sixth of the work.
RARELY = (100_000, 20, 20)
TOKEN = "CARBET_MEDIA_TOKEN"  # noqa: S105 - its name


def _address(text: str) -> str:
    return str(ipaddress.ip_address(text))


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m media", description=__doc__)
    parser.add_argument("--server", required=True, help="URL of the Carbet server")
    parser.add_argument("--ca", default="", help="file of the certificates to trust")
    parser.add_argument("--udp-port", type=int, default=20000)
    parser.add_argument("--host", type=_address, action="append", default=[],
                        help="listen on this address only")  # fmt: skip
    parser.add_argument("--advertise", type=_address, action="append", default=[],
                        help="tell browsers this address instead of our own (NAT)")  # fmt: skip
    parser.add_argument("--linger", type=float, default=60.0,
                        help="seconds to carry on a call without a server")  # fmt: skip
    parser.add_argument("--supervised", action="store_true",
                        help="end when there is neither server nor call")  # fmt: skip
    parser.add_argument("--quality", default="", help="another quality.toml than ours")
    parser.add_argument("--trace", default="", help="folder where estimates are recorded")
    parser.add_argument("--lock", default="", help="file held while this worker lives")
    parser.add_argument("--spare", type=int, default=0, metavar="PID",
                        help="of whom starts us: wait until the lock's holder ends")  # fmt: skip
    parser.add_argument("--log-level", default="info")
    return parser.parse_args(argv)


def hold(path: str, tries: int = 5) -> TextIO | None:
    """Take the lock which says that this worker lives; None when another holds it."""
    file = open(path, "a+", encoding="ascii")  # noqa: SIM115 - held as long as the process
    for _ in range(tries):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.1)
            continue
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        return file
    file.close()
    return None


def succeed(path: str, starter: int) -> TextIO | None:
    """Take the lock when the worker which holds it ends; None when who started us ended first."""
    while os.getppid() == starter:
        file = hold(path, 1)
        if file is not None:
            return file
    return None


async def work(options: argparse.Namespace, token: str) -> None:
    """Run one worker until it is told to stop or has nothing left to do."""
    gc.freeze()
    gc.set_threshold(*RARELY)
    counts: Counter[str] = Counter()
    port = Port(counts)
    port.open(options.host, options.udp_port)
    line = Line(options.server, options.ca, token, port.number, pinned=options.supervised)
    quality = load(Path(options.quality) if options.quality else DEFAULT)
    traces = Traces(Path(options.trace)) if options.trace else None
    worker = Worker(port, options.advertise, line.tell, quality, traces)
    worker.start()
    run = tasks.spawn(line.run(worker, options.linger, options.supervised), "media line")
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, run.cancel)
    drained = lambda: tasks.spawn(_drained(line, worker, run), "drain")  # noqa: E731
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, drained)
    log.info("media worker listening", extra={
        "port": port.number, "addresses": port.addresses, "compiled": media.compiled.is_used(),
    })  # fmt: skip
    try:
        await run
    except asyncio.CancelledError:
        log.info("media worker told to stop")
    await worker.stop()
    await asyncio.sleep(0.05)
    port.close()


async def _drained(line: Line, worker: Worker, run: asyncio.Task[None]) -> None:
    """For maintenance (`carbet drain`): ends once the calls have moved or ended."""
    await line.leave(worker)
    run.cancel()


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    options = parse(argv)
    token = os.environ.get(TOKEN, "")
    if not token:
        print(f"{TOKEN} is not set", file=sys.stderr)
        return 2
    logs.start(options.log_level)
    if options.spare:
        lock = succeed(options.lock, options.spare)
        if lock is None:
            return 0
    else:
        lock = hold(options.lock) if options.lock else None
    if options.lock and lock is None:
        log.warning("another worker holds this port's lock")
        return 3
    try:
        uvloop.run(work(options, token))
    except OSError as error:
        log.error("media worker cannot listen", extra={"errno": error.errno})
        return 4
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
