#!/usr/bin/env bash
# SQLite turns its write-ahead log on without waiting: the busy timeout holds for every statement but that one.
#
# A surprise against: with a busy timeout a connection waits for a lock, whatever the statement.
# Versions: SQLite 3.54.1 (apsw 3.54.1.0); the same with Python's sqlite3 on SQLite 3.40.1.
# Expected: while another connection writes, `PRAGMA journal_mode=WAL` waits as long as `BEGIN IMMEDIATE` does.
# Seen: beside a writer in its transaction it fails at once, though beside a reader it waits the whole time. So of two processes that
# open the same new file, and both turn the log on, one can meet "database is locked" after 0 seconds of ten. Another journal mode is
# set meanwhile without any lock; and once the log is on, the same statement beside a writer neither waits nor fails.
#
# Output seen:
#   SQLite 3.54.1, busy timeout 1.0 s, another connection in a transaction that writes:
#   BEGIN IMMEDIATE               refused after 1.0 s: database is locked
#   PRAGMA journal_mode=WAL       refused after 0.0 s: database is locked
#   PRAGMA journal_mode=TRUNCATE  truncate
#   the same where the other one reads:
#   PRAGMA journal_mode=WAL       refused after 1.0 s: database is locked
#   where the log is on already, beside one that writes:
#   PRAGMA journal_mode=WAL       wal
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3}" -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check apsw==3.54.1.0
"$dir/venv/bin/python" -I - "$dir/new.db" <<'END'
import sys
import time

import apsw

TIMEOUT = 1.0
one, two = apsw.Connection(sys.argv[1]), apsw.Connection(sys.argv[1])
two.set_busy_timeout(int(1000 * TIMEOUT))
one.execute("CREATE TABLE t(x)")


def wait(statement):
    """Seconds until the second connection was refused, or None."""
    start = time.monotonic()
    try:
        answer = two.execute(statement).fetchall()
    except apsw.BusyError as error:
        seconds = time.monotonic() - start
        print(f"{statement:29} refused after {seconds:.1f} s: {str(error).split(': ')[-1]}")
        return seconds
    print(f"{statement:29} {answer[0][0] if answer else 'done'}")
    return None


print(f"SQLite {apsw.sqlite_lib_version()}, busy timeout {TIMEOUT} s, another connection in a transaction that writes:")
one.execute("BEGIN IMMEDIATE; INSERT INTO t VALUES (1)")
assert wait("BEGIN IMMEDIATE") >= 0.9 * TIMEOUT, "changed: a writer does not wait for a writer"
seconds = wait("PRAGMA journal_mode=WAL")
assert seconds is not None and seconds < 0.5 * TIMEOUT, "changed: turning the log on waits, or is not refused"
assert wait("PRAGMA journal_mode=TRUNCATE") is None, "changed: another journal mode is refused"
one.execute("ROLLBACK")
print("the same where the other one reads:")
one.execute("BEGIN; SELECT * FROM t").fetchall()
assert wait("PRAGMA journal_mode=WAL") >= 0.9 * TIMEOUT, "changed: turning the log on does not wait for a reader"
one.execute("ROLLBACK")
print("where the log is on already, beside one that writes:")
one.execute("PRAGMA journal_mode=WAL").fetchall()
one.execute("BEGIN IMMEDIATE; INSERT INTO t VALUES (1)")
assert wait("PRAGMA journal_mode=WAL") is None, "changed: the log is refused where it is on"
one.execute("ROLLBACK")
END
