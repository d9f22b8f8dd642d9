"""An image of buildah's store, and its programs run as a container engine runs them, as far as one without an engine can.

From the image's own description come entry point, user, variables and health check. A program gets a root of its own that
it cannot write, no privileges and no way back to them, a small /tmp, and this machine's network.
"""

import ctypes
import json
import os
import signal
import subprocess
from pathlib import Path

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 2, 4, 32, 4096, 16384, 1 << 18
CLONE_NEWNS = 0x20000
PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38
_libc = ctypes.CDLL(None, use_errno=True)


class ImageFailure(Exception):
    """An image is not there, or is not what it must be."""


class Store:
    """A folder of buildah's, by the words of the command that opens it."""

    def __init__(self, words):
        self.words = words

    def run(self, *words):
        done = subprocess.run(self.words + list(words), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise ImageFailure(f"buildah {' '.join(words)}: {done.stderr.strip()}")
        return done.stdout.strip()


class Image:
    """An image with a root that can be entered, until it is closed."""

    def __init__(self, store, name):
        self.store, self.name = store, name
        found = json.loads(store.run("inspect", "--type", "image", name))
        self.config = found["Docker"]["config"]
        self.labels = self.config.get("Labels") or {}
        self.container = store.run("from", "--pull-never", name)
        self.root = Path(store.run("mount", self.container))

    def close(self):
        self.store.run("umount", self.container)
        self.store.run("rm", self.container)

    @property
    def user(self):
        """(user, group) by number: one that is root, or a name, is a failure."""
        parts = (self.config.get("User") or "0").split(":")
        if len(parts) != 2 or not all(part.isdigit() and int(part) > 0 for part in parts):
            raise ImageFailure(f"{self.name} does not run as a numbered user other than root, but as {':'.join(parts)}")
        return int(parts[0]), int(parts[1])

    @property
    def entry_point(self):
        return self.config.get("Entrypoint") or []

    @property
    def health_check(self):
        """The words of the check; None where there is none, a failure where it needs a shell."""
        test = (self.config.get("Healthcheck") or {}).get("Test")
        if test and test[0] != "CMD":
            raise ImageFailure(f"{self.name}'s health check needs a shell: {test}")
        return test[1:] if test else None

    @property
    def stop_signal(self):
        return signal.Signals[self.config.get("StopSignal") or "SIGTERM"]

    def environment(self, extra):
        own = dict(pair.split("=", 1) for pair in self.config.get("Env") or [])
        return {**own, **(extra or {})}

    def bytes_of(self, path="/"):
        """The sizes of all files below it, none counted twice."""
        seen, total = set(), 0
        top = self.root / path.lstrip("/")
        if top.is_file():
            return top.stat().st_size
        for folder, _, files in os.walk(top):
            for name in files:
                status = os.lstat(os.path.join(folder, name))
                if (status.st_dev, status.st_ino) not in seen:
                    seen.add((status.st_dev, status.st_ino))
                    total += status.st_size
        return total

    def run(self, words, environment=None, folder=None, seconds=60):
        """Runs a program of the image to its end; gives (status, what it printed)."""
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds, check=False,
            env=self.environment(environment), preexec_fn=lambda: self.enter(folder))
        return done.returncode, done.stdout.decode("utf-8", "replace").strip()

    def start(self, words, output, environment=None, folder=None):
        return subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
            env=self.environment(environment), preexec_fn=lambda: self.enter(folder))

    def enter(self, folder):
        """Makes this process, which is about to become the program, a contained one; `folder` keeps its path in there."""
        user, group = self.user
        root = str(self.root)
        check(_libc.unshare(CLONE_NEWNS))
        mount("none", "/", MS_REC | MS_PRIVATE)
        mount(root, root, MS_BIND)
        mount("/dev", f"{root}/dev", MS_BIND | MS_REC)
        mount("/proc", f"{root}/proc", MS_BIND)
        mount("tmpfs", f"{root}/tmp", MS_NOSUID | MS_NODEV, "tmpfs", "mode=1777,size=16m")
        if folder is not None:
            inside = f"{root}{folder}"
            os.makedirs(inside, exist_ok=True)
            mount(str(folder), inside, MS_BIND)
        mount("none", root, MS_REMOUNT | MS_BIND | MS_RDONLY)
        os.chroot(root)
        os.chdir(self.config.get("WorkingDir") or "/")
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)
        os.setgroups([])
        os.setgid(group)
        os.setuid(user)
        check(_libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        # After the change of user, which would take it back.
        check(_libc.prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0))


def mount(source, target, flags, kind=None, data=None):
    words = [word.encode() if word is not None else None for word in (source, target, kind)]
    check(_libc.mount(*words, ctypes.c_ulong(flags), data.encode() if data else None), target)


def check(status, subject=""):
    if status != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), subject)
