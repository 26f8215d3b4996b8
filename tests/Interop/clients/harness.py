"""What a check is given: a folder, addresses and ports of its own, Shoal as a process, and waits that all end.

Only the outside contract of the program is used: options, JSON events, exit codes, files.
"""

import ctypes
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

KB, MB = 1000, 1000 * 1000
KIB, MIB = 1 << 10, 1 << 20
_PRCTL = getattr(ctypes.CDLL(None), "prctl", None)  # Linux
PIECE = 256 * KIB  # the default piece length of everything a check is likely to share


class Failed(Exception):
    pass


class Skipped(Exception):
    pass


def expect(condition, text):
    if not condition:
        raise Failed(text)


class Check:
    """The world of one check. `close` ends what it started, and nothing else."""

    def __init__(self, binary, seconds):
        self.binary = binary
        self.deadline = time.monotonic() + seconds
        self.root = tempfile.mkdtemp(prefix="shoal-")
        self.notes = []
        self._children = []
        self._closing = []
        self._hosts = 1
        self._port = random.randrange(10000, 30000)
        self._count = 0
        # Short, since the path of a Unix socket is.
        self.env = dict(os.environ, HOME=self.folder("home"), XDG_RUNTIME_DIR=self.folder("run"),
                        XDG_DATA_HOME=self.folder("home/data"), TERM="dumb", NO_COLOR="1")
        os.chmod(self.path("run"), 0o700)

    def path(self, *parts):
        return os.path.join(self.root, *parts)

    def folder(self, *parts):
        path = self.path(*parts)
        os.makedirs(path, exist_ok=True)
        return path

    def address(self):
        self._hosts += 1
        return f"127.0.0.{self._hosts}"

    def port(self):
        while True:
            self._port += 1
            try:
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                    with socket.socket(socket.AF_INET, kind) as probe:
                        probe.bind(("0.0.0.0", self._port))
                return self._port
            except OSError:
                continue

    def note(self, text):
        self.notes.append(text)

    def remaining(self, seconds):
        return max(0.0, min(seconds, self.deadline - time.monotonic()))

    def until(self, seconds, what, condition):
        end = time.monotonic() + self.remaining(seconds)
        while True:
            value = condition()
            if value:
                return value
            expect(time.monotonic() < end, f"not within {seconds} s: {what}")
            time.sleep(0.05)

    def on_close(self, action):
        self._closing.append(action)

    def run(self, *args, **options):
        """A Shoal that takes part in a network, at an address and ports of its own."""
        address = options.pop("address", None) or self.address()
        self._count += 1
        store = options.pop("store", None) or self.path(f"store{self._count}")
        port = options.pop("port", None) or self.port()
        dht_port = options.pop("dht_port", None) or self.port()
        args = [*args, "--store", store, "--listen", address, "--port", str(port), "--dht-port", str(dht_port), "--no-lan"]
        shoal = self.plain(*args, **options)
        shoal.store, shoal.address, shoal.tcp, shoal.udp = store, address, f"{address}:{port}", f"{address}:{dht_port}"
        return shoal

    def plain(self, *args, json_output=True, cwd=None, env=None, under=()):
        """A Shoal with nothing but these arguments; `under` is a command that runs it."""
        return self.start([*under, self.binary, *map(str, args)] + (["--json"] if json_output else []), cwd, env)

    def start(self, argv, cwd=None, env=None, stdin=subprocess.DEVNULL):
        """Any program that prints its events as this one does."""
        child = Shoal(self, argv, cwd or self.root, env or self.env, stdin)
        self._children.append(child)
        return child

    def share(self, *paths, **options):
        """A share that has said what it shares."""
        options_of_share = options.pop("args", [])
        shoal = self.run("share", *paths, *options_of_share, **options)
        shoal.shared = [shoal.event("shared", 30, index=i) for i in range(len(paths))]
        return shoal

    def get(self, link, target, *args, code=0, seconds=60, **options):
        """A get that has ended, as it should."""
        shoal = self.run("get", link, "-o", target, *args, **options)
        shoal.ends(code, seconds)
        return shoal

    def mount(self, name, options):
        """A small disk of its own; skips the check where mounting is not allowed."""
        path = self.folder(name)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", path], capture_output=True, text=True)
        if done.returncode != 0:
            raise Skipped(f"cannot mount a small disk: {done.stderr.strip()}")
        self.on_close(lambda: subprocess.run(["umount", "-l", path], capture_output=True))
        return path

    def close(self, keep=False):
        for child in self._children:
            child.close()
        for action in reversed(self._closing):
            try:
                action()
            except Exception as error:  # what is left over must not hide the result
                self.note(f"while closing: {error}")
        if not keep:
            shutil.rmtree(self.root, ignore_errors=True)

    def what_children_said(self):
        return "\n".join(child.tail() for child in self._children)


class Shoal:
    """One process of the program: its events, its words, its end."""

    def __init__(self, check, argv, cwd, env, stdin):
        self.check = check
        self.argv = argv
        self.events, self.lines, self.words = [], [], []
        self.shared = []
        self._changed = threading.Condition()
        self.started = time.monotonic()
        self.process = subprocess.Popen(argv, cwd=cwd, env=env, stdin=stdin, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, encoding="utf-8", errors="replace",
                                        preexec_fn=die_with_parent)
        self._threads = [threading.Thread(target=self._read_out, daemon=True), threading.Thread(target=self._read_words, daemon=True)]
        for thread in self._threads:
            thread.start()

    @property
    def link(self):
        return self.shared[0]["link"]

    @property
    def infohash(self):
        return self.shared[0]["infohash"]

    @property
    def pid(self):
        return self.process.pid

    def _read_out(self):
        for line in self.process.stdout:
            try:
                event = json.loads(line) if line.startswith("{") else None
            except ValueError:
                event = None
            with self._changed:
                self.lines.append(line)
                if event is not None:
                    self.events.append(event)
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    def _read_words(self):
        for line in self.process.stderr:
            self.words.append(line)

    def all(self, name):
        with self._changed:
            return [event for event in self.events if event.get("event") == name]

    def event(self, name, seconds=20, index=0, where=None):
        """Waits for the index-th event of that name (that passes `where`); its fields are returned."""
        end = time.monotonic() + self.check.remaining(seconds)
        while True:
            found = [e for e in self.all(name) if where is None or where(e)]
            if len(found) > index:
                return found[index]
            ended = self.process.poll() is not None and not self._threads[0].is_alive()
            expect(not ended, f"{self} ended with {self.process.poll()} without '{name}'")
            expect(time.monotonic() < end, f"{self} did not say '{name}' within {seconds} s")
            with self._changed:
                self._changed.wait(0.05)

    def listening(self, seconds=20):
        self.event("listening", seconds)
        return self

    @property
    def done(self):
        return self.event("done")

    @property
    def error(self):
        """The error as both audiences get it: an event, and a sentence."""
        event = self.event("error", 2)
        expect(event.get("code") and event.get("message"), f"{self}: an error without code or message: {event}")
        expect(self.said.strip(), f"{self}: an error event, but no sentence on standard error")
        return event

    @property
    def said(self):
        return "".join(self.words)

    def ends(self, code=0, seconds=60):
        """Waits for the end and for the last word; the exit code is the expected one."""
        try:
            found = self.process.wait(self.check.remaining(seconds))
        except subprocess.TimeoutExpired:
            raise Failed(f"{self} did not end within {seconds} s") from None
        for thread in self._threads:
            thread.join(5)
        expect(found == code, f"{self} ended with {found}, not {code}")
        if "--json" in self.argv:
            stray = [line for line in self.lines if not line.startswith("{")]
            expect(not stray, f"{self} printed more than events: {stray[:1]}")
        self.took = time.monotonic() - self.started
        return self

    def stop(self, code=0, seconds=15, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.ends(code, seconds)

    def kill(self):
        self.process.kill()
        self.process.wait(10)

    def heard(self):
        """Waits until all that it said was read."""
        for thread in self._threads:
            thread.join(5)

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(3)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(10)

    def tail(self):
        lines = ["  " + line.rstrip()[:300] for line in (self.lines[:3] + ["..."] if len(self.lines) > 8 else []) + self.lines[-5:]]
        words = ["  ! " + line.rstrip()[:300] for line in self.words[-15:]]
        return "\n".join([f"  {self} -> {self.process.poll()}"] + lines + words)

    def __str__(self):
        return "shoal " + " ".join(self.argv[1:])[:160]


def die_with_parent():
    if _PRCTL is not None:
        _PRCTL(1, signal.SIGKILL)


def write(path, length, seed=0):
    """A file of bytes that a seed repeats."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    source = random.Random(f"{seed}:{length}")
    with open(path, "wb") as file:
        left = length
        while left > 0:
            part = min(left, 4 * MIB)
            file.write(source.randbytes(part))
            left -= part
    return path


def read(path):
    with open(path, "rb") as file:
        return file.read()


def tree(folder):
    """Relative path to content, of every file that is neither a link nor an unfinished download's."""
    found = {}
    for here, folders, files in os.walk(os.fsencode(folder)):
        folders[:] = [f for f in folders if not f.startswith(b".shoal-")]
        for name in files:
            path = os.path.join(here, name)
            found[os.path.relpath(path, os.fsencode(folder))] = b"<link>" if os.path.islink(path) else read(path)
    return found


def expect_same_tree(expected, folder):
    actual = tree(folder)
    expected = tree(expected) if isinstance(expected, str) else expected
    missing, extra = sorted(expected.keys() - actual.keys()), sorted(actual.keys() - expected.keys())
    expect(not missing, f"missing in {folder}: {missing[:3]}")
    expect(not extra, f"not expected in {folder}: {extra[:3]}")
    for name, content in expected.items():
        expect(actual[name] == content, f"other content: {name!r} ({len(actual[name])} bytes for {len(content)})")


def expect_same_file(expected, path):
    expect(os.path.isfile(path), f"missing: {path}")
    expect(os.path.getsize(path) == os.path.getsize(expected), f"{path}: {os.path.getsize(path)} bytes")
    with open(expected, "rb") as left, open(path, "rb") as right:
        while True:
            a, b = left.read(4 * MIB), right.read(4 * MIB)
            expect(a == b, f"other content: {path}")
            if not a:
                return


def expect_no_leftovers(folder):
    left = [name for name in os.listdir(folder) if name.startswith(".shoal-")]
    expect(not left, f"left over in {folder}: {left}")


def from_peer(done, peer):
    """Payload that a `done` event credits to one address."""
    return sum(p["bytes"] for p in done["peers"] if p["address"] == peer)


def fetched(done):
    return sum(p["bytes"] for p in done["peers"])
