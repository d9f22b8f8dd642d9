"""The stack with services that come and go, and settings that make leases short."""

from kafka_stack import KafkaStack

# What a service waits for: as short as it may be, so that a dead process's work is taken over in seconds.
SHORT = {
    "NETSUITE_REQUEST_SECONDS": "1", "SALESFORCE_REQUEST_SECONDS": "2", "UNKNOWN_CHANGE_WAIT_SECONDS": "3",
    "LEADER_LEASE_SECONDS": "2", "FEEDBACK_RESEND_SECONDS": "3", "POLL_INTERVAL_SECONDS": "1", "WATCH_INTERVAL_SECONDS": "1",
    "LOG_LEVEL": "debug",
    "LOG_FORMAT": "text", "START_FROM": "2020-01-01T00:00:00Z",
}


class KillStack(KafkaStack):
    # A service's pool has up to six, and the dead leave theirs for a moment.
    maximum_connections = 300

    def __init__(self, binaries, say, broker):
        super().__init__(binaries, say, broker)
        self.started = 0

    def set_environment(self):
        super().set_environment()
        self.environment.update(SHORT)

    def start_services(self):
        """They come and go: see fleet.py."""

    def start_member(self, service, crash_point=None):
        """One process of a service, armed or not; it is watched by whoever asked for it."""
        self.started += 1
        armed = {"CROSSDOCK_CRASH_POINT": crash_point} if crash_point else {}
        process = self.spawn(
            f"{service}-{self.started}", [self.binary(service)], environment={**self.environment, **armed})
        self.processes.remove(process)
        return process
