#!/usr/bin/env bash
# tensorboardX's SummaryWriter sends every number through a pipe to a thread of its own process, as to another one.
#
# A surprise against: a log writer without options appends to a file, and what it costs is the writing.
# Versions: tensorboardX 2.6.5.
# Expected: about the same processor time for 5,000 scalars, whether SummaryWriter writes them or its own RecordWriter does.
# Seen: several times as much. Each event is put into a `multiprocessing.Queue`, so it is pickled, goes through a pipe of the operating
# system and is unpickled, though a thread of the same process reads it. Nothing of this can be chosen; `RecordWriter` is exported too.
#
# Output seen:
#   tensorboardX 2.6.5
#   events go through a multiprocessing.queues.Queue
#   5000 scalars by SummaryWriter take over 3 times the processor time of RecordWriter
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3}" -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check tensorboardX==2.6.5
cd "$dir"
"$dir/venv/bin/python" -I -W ignore - <<'END'
import multiprocessing.queues
import time

import tensorboardX
from tensorboardX import RecordWriter, SummaryWriter
from tensorboardX.proto.event_pb2 import Event
from tensorboardX.summary import scalar

COUNT = 5000
print("tensorboardX", tensorboardX.__version__)


def summary_writer():
    writer = SummaryWriter("summary")
    for step in range(COUNT):
        writer.add_scalar("loss", 1 / (step + 1), step)
    writer.close()


def record_writer():
    writer = RecordWriter("records.tfevents")
    for step in range(COUNT):
        writer.write(Event(wall_time=0.0, step=step, summary=scalar("loss", 1 / (step + 1))).SerializeToString())
    writer.close()


def seconds(write):
    """Processor seconds of all threads, the lesser of two times."""
    found = []
    for _ in range(2):
        start = time.process_time()
        write()
        found.append(time.process_time() - start)
    return min(found)


plain, queued = seconds(record_writer), seconds(summary_writer)
opened = SummaryWriter("opened")
event_queue = opened.file_writer.event_writer._event_queue
print("events go through a", f"{type(event_queue).__module__}.{type(event_queue).__name__}")
opened.close()
ratio = queued / plain
print(f"{COUNT} scalars by SummaryWriter take {'over 3 times' if ratio > 3 else f'{ratio:.1f} times'} the processor time of RecordWriter")
assert isinstance(event_queue, multiprocessing.queues.Queue), "changed: events no longer go through a pipe"
assert ratio > 3, f"changed: SummaryWriter takes {ratio:.1f} times as long only"
END
