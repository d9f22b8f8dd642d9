"""The services' processes: each armed with a boundary, killed there, and started again with the next one."""

import signal
import time

from boundaries import WATCH

OF_POLLS = ("progress-read", "documents-remembered", *WATCH)

SIZES = {"order-publisher": 2, "netsuite-writer": 10, "status-feedback": 4, "inventory-poller": 2}
QUIET_SIZES = {"order-publisher": 2, "netsuite-writer": 3, "status-feedback": 2, "inventory-poller": 1}


class Member:
    """One process and the boundary that it is armed with; None where it is to live."""

    def __init__(self, service, armed, process):
        self.service, self.armed, self.process = service, armed, process


class Fleet:
    def __init__(self, stack, counts, random):
        self.stack, self.counts, self.random = stack, counts, random
        self.members = []
        self.unexpected = []

    def start(self):
        for service, size in SIZES.items():
            for _ in range(size):
                self.add(service)

    def add(self, service, is_armed=True):
        armed = None
        if is_armed:
            armed = self.counts.next(service, [one.armed for one in self.members if one.service == service])
        # Not always at the first passing: what was done before the kill is to differ. A poll passes once.
        passings = (1, 1, 1, 2) if service == "order-publisher" or armed in OF_POLLS else (1, 1, 2, 3)
        point = f"{armed}:{self.random.choice(passings)}" if armed else None
        self.members.append(Member(service, armed, self.stack.start_member(service, point)))

    def tend(self):
        """Counts those that died at their boundary and starts the next ones; whether there were any."""
        ended = [one for one in self.members if one.process.popen.poll() is not None]
        for member in ended:
            self.members.remove(member)
            self.judge(member)
            self.add(member.service)
        return bool(ended)

    def judge(self, member):
        process = member.process
        if process.popen.returncode == -signal.SIGKILL and f"crash point {member.armed}" in process.tail(3):
            self.counts.note(member.service, member.armed)
            return
        last = " / ".join(process.tail(3))
        self.unexpected.append(f"{process.name} ended by itself with status {process.popen.returncode}: {last[-600:]}")

    def stop_all(self):
        for member in self.members:
            member.process.popen.kill()
        for member in self.members:
            member.process.popen.wait()
        self.members.clear()

    def calm(self):
        """Ends all as they stand and starts a few that nothing kills."""
        self.stop_all()
        for service, size in QUIET_SIZES.items():
            for _ in range(size):
                self.add(service, is_armed=False)

    def tend_calm(self):
        for member in [one for one in self.members if one.process.popen.poll() is not None]:
            self.members.remove(member)
            self.judge(member)
            time.sleep(0.2)
            self.add(member.service, is_armed=False)
