"""Everything that Crossdock needs, on this machine, as separate processes of one keeper.

The keeper starts them in order, watches them, and stops them in the opposite order. Should it be killed outright, the
kernel ends each of them (parent-death signal), so nothing stays behind whatever happens.
"""

import ctypes
import glob
import os
import pwd
import re
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
RUN_PREFIX = "crossdock-run-"
# An organisation with two currencies, country codes, and the two fields of its own that deploy/mapping.yaml reads.
SALESFORCE_OPTIONS = [
    "--multi-currency", "--state-and-country-picklists", "--custom-field", "Order.Payment_Terms__c:string:40",
    "--custom-field", "Order.Shipping_Method__c:string:40"]
# What runs, in this order; a second status-feedback stands by with its watch and shares the writing.
SERVICES = ("order-publisher", "netsuite-writer", "status-feedback", "status-feedback-2", "inventory-poller")
# Two writers share six of the eight requests at once that the account permits; each of the two watches has one.
SETTINGS_OF = {"netsuite-writer": {"NETSUITE_CONCURRENCY": "3"}}
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


class StackFailure(Exception):
    """Something did not start, ended by itself or did not answer in time; says what, and which log tells more."""

    def __init__(self, sentence, process=None):
        super().__init__(sentence)
        self.process = process


def end_with_parent(sign):
    """The kernel sends this process the signal when its parent ends, however that happens."""
    _libc.prctl(PR_SET_PDEATHSIG, int(sign), 0, 0, 0)


def free_port(preferred=None):
    """The preferred port where it is free on loopback, else one the kernel picks."""
    for port in ([preferred] if preferred else []) + [0]:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return probe.getsockname()[1]
    raise StackFailure("no free port on 127.0.0.1")


def wait_until(condition, seconds, what, stack=None, process=None, pause=0.05):
    """Asks again until the condition gives something true; fails after so many seconds, or when a process has ended."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if stack is not None:
            stack.check_alive()
        if time.monotonic() > deadline:
            raise StackFailure(f"{what}: not within {seconds} s", process)
        time.sleep(pause)


def answer_of(url, timeout=2):
    """(status, text) of a GET; (0, reason) where nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=timeout) as answer:
            return answer.status, answer.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode("utf-8", "replace")
    except OSError as failure:
        return 0, str(failure)


class Process:
    """A process of the stack, with its log."""

    def __init__(self, name, popen, log, stop_signal):
        self.name = name
        self.popen = popen
        self.log = log
        self.stop_signal = stop_signal

    def tail(self, lines=15):
        try:
            return self.log.read_text("utf-8", "replace").splitlines()[-lines:]
        except OSError:
            return []


class Stack:
    """The private PostgreSQL cluster, the embedded broker, both sandboxes and the services."""

    maximum_connections = 60
    partitions = 12
    # A trial's data: lost with the machine, so nothing waits for the disk.
    durability = {"fsync": "off", "full_page_writes": "off"}

    def __init__(self, binaries, say, usual_ports=False, kafka=None):
        self.binaries = Path(binaries).resolve()
        self.say = say
        self.usual_ports = usual_ports
        self.kafka = kafka  # host:port of a Kafka that has the topics; without one the embedded broker
        self.processes = []
        self.slow_stops = []
        self.folder = Path(tempfile.mkdtemp(prefix=RUN_PREFIX, dir="/tmp"))
        self.folder.chmod(0o755)
        (self.folder / "keeper.pid").write_text(str(os.getpid()))
        self.account = None
        if os.geteuid() == 0:
            # PostgreSQL refuses to run as root.
            for name in ("postgres", "nobody"):
                try:
                    self.account = pwd.getpwnam(name)
                    break
                except KeyError:
                    continue
        self.environment = {}
        self.health = {}
        self.last_number = {}

    # Starting

    def start(self):
        self.start_postgres()
        self.make_keys()
        self.start_broker()
        self.start_sandboxes()
        self.set_environment()
        self.run_step("migrate", [self.binary("crossdock"), "migrate"], self.environment)
        self.say("database migrated")
        self.start_services()

    def binary(self, name):
        path = self.binaries / name
        if not os.access(path, os.X_OK):
            raise StackFailure(f"{path} is not built: run deploy/scripts/build")
        return str(path)

    def start_postgres(self):
        found = glob.glob("/usr/lib/postgresql/*/bin/initdb")
        if not found:
            raise StackFailure("no PostgreSQL server programs: run deploy/scripts/install-packages")
        programs = Path(max(found, key=lambda path: int(path.split("/")[4]))).parent
        home = self.folder / "postgres"
        home.mkdir(mode=0o700)
        if self.account:
            os.chown(home, self.account.pw_uid, self.account.pw_gid)
        data = home / "data"
        self.run_step(
            "initdb",
            [str(programs / "initdb"), "--pgdata", str(data), "--username=crossdock", "--auth=trust", "--no-sync",
             "--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions"],
            account=self.account)
        settings = {
            "listen_addresses": "", "unix_socket_directories": str(home), "shared_buffers": "64MB",
            "max_connections": str(self.maximum_connections), **self.durability,
        }
        arguments = [str(programs / "postgres"), "-D", str(data)]
        for name, value in settings.items():
            arguments += ["-c", f"{name}={value}"]
        server = self.spawn(
            "postgresql", arguments, stop_signal=signal.SIGINT, death_signal=signal.SIGQUIT, account=self.account)
        ready = [str(programs / "pg_isready"), "--quiet", "--host", str(home)]
        wait_until(
            lambda: subprocess.run(ready, check=False).returncode == 0, 30, "PostgreSQL accepts connections", self, server)
        self.run_step(
            "createdb", [str(programs / "createdb"), "--host", str(home), "--username=crossdock", "crossdock"],
            account=self.account)
        self.postgres_folder, self.psql = home, str(programs / "psql")
        self.say(f"PostgreSQL {programs.parts[-2]}, private cluster, Unix socket in {home}")

    def make_keys(self):
        """One RSA key per remote system, made for this run and gone with it."""
        for name in ("salesforce", "netsuite"):
            private, public = self.folder / f"{name}-key.pem", self.folder / f"{name}-public.pem"
            self.run_step(
                "keys", ["openssl", "genpkey", "-quiet", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072", "-out",
                         str(private)])
            private.chmod(0o600)
            self.run_step("keys", ["openssl", "pkey", "-in", str(private), "-pubout", "-out", str(public)])

    def start_broker(self):
        if self.kafka:
            self.bootstrap = self.kafka
            self.say(f"Apache Kafka on {self.bootstrap}")
            return
        address = self.folder / "broker-address"
        broker = self.spawn(
            "embedded-broker",
            [self.binary("embedded-broker"), "--bootstrap-file", str(address), "--partitions", str(self.partitions)])
        wait_until(address.exists, 15, "the embedded broker listens", self, broker)
        self.bootstrap = address.read_text().strip()
        self.say(f"embedded broker on {self.bootstrap} (in memory, for trial and tests)")

    def start_sandboxes(self):
        usual = self.usual_ports
        sandboxes = [("salesforce", 8401, SALESFORCE_OPTIONS), ("netsuite", 8402, [])]
        self.urls = {}
        for name, usual_port, options in sandboxes:
            port = free_port(usual_port if usual else None)
            program = f"{name}-sandbox"
            process = self.spawn(
                program,
                [self.binary(program), "--port", str(port), "--public-key", str(self.folder / f"{name}-public.pem"),
                 *options])
            url = self.urls[name] = f"http://127.0.0.1:{port}"
            wait_until(lambda: answer_of(f"{url}/control")[0] == 200, 15, f"{program} answers", self, process)
            self.say(f"{program} on {url}")

    def set_environment(self):
        self.environment = {
            **self.shared_settings(), **self.netsuite_settings(),
            "SALESFORCE_LOGIN_URL": self.urls["salesforce"], "SALESFORCE_AUDIENCE": "https://login.salesforce.com",
            "SALESFORCE_CLIENT_ID": "crossdock-sandbox-client",
            "SALESFORCE_USERNAME": "integration@crossdock.example",
            "SALESFORCE_PRIVATE_KEY_FILE": str(self.folder / "salesforce-key.pem"),
            "ORDER_CUSTOM_FIELDS": "Payment_Terms__c,Shipping_Method__c", "POLL_INTERVAL_SECONDS": "1", "LOG_FORMAT": "json",
            "NETSUITE_TIME_ZONE": "America/Los_Angeles", "WATCH_INTERVAL_SECONDS": "1",
            # Who leads and is killed is replaced when this has passed.
            "LEADER_LEASE_SECONDS": "4",
            # An order of a writer that was killed is the other's when its claim ends: this and ten seconds.
            "NETSUITE_REQUEST_SECONDS": "4",
        }

    def shared_settings(self):
        """Kafka and the ledger, for every service."""
        return {
            "KAFKA_BOOTSTRAP_SERVERS": self.bootstrap, "KAFKA_EMBEDDED": "false" if self.kafka else "true",
            "POSTGRES_HOST": str(self.postgres_folder), "POSTGRES_DATABASE": "crossdock", "POSTGRES_USER": "crossdock",
            "POSTGRES_TLS": "disable",
        }

    def netsuite_settings(self):
        """Where NetSuite is, how to log in, and the mapping."""
        return {
            "NETSUITE_URL": self.urls["netsuite"], "NETSUITE_CLIENT_ID": "crossdock-sandbox-client",
            "NETSUITE_CERTIFICATE_ID": "crossdock-sandbox-certificate",
            "NETSUITE_PRIVATE_KEY_FILE": str(self.folder / "netsuite-key.pem"), "NETSUITE_SIGNATURE_ALGORITHM": "PS256",
            "MAPPING_FILE": str(REPOSITORY / "deploy" / "mapping.yaml"),
        }

    def start_services(self):
        for process in [self.start_service(name) for name in SERVICES]:
            self.wait_until_ready(process)

    def start_service(self, name):
        port, program = free_port(), program_of(name)
        own = {**SETTINGS_OF.get(program, {}), "HEALTH_ADDRESS": "127.0.0.1", "HEALTH_PORT": str(port)}
        process = self.spawn(name, [self.binary(program)], environment={**self.environment, **own})
        self.health[name] = f"http://127.0.0.1:{port}"
        self.last_number[program] = self.last_number.get(program, 0) + 1
        return process

    def wait_until_ready(self, process):
        url = self.health[process.name]
        try:
            wait_until(
                lambda: answer_of(f"{url}/health/ready")[0] == 200, 40, f"{process.name} is ready", self, process,
                pause=0.1)
        except StackFailure as failure:
            raise StackFailure(f"{failure}; it says: {answer_of(f'{url}/health/ready')[1].strip()}", process)
        self.say(f"{process.name} ready ({url}/health/ready)")

    # Services that come and go

    def members(self, program):
        """The process ids of those that run this program, by their names, the oldest first."""
        return {one.name: one.popen.pid for one in self.processes if program_of(one.name) == program}

    def join(self, program):
        """Starts one more and returns; it is ready when its health says so."""
        self.start_service(f"{program}-{self.last_number[program] + 1}")

    def kill(self, name):
        """Ends it with kill -9."""
        process = next(process for process in self.processes if process.name == name)
        self.processes.remove(process)
        del self.health[name]
        process.popen.kill()
        process.popen.wait()

    def spawn(self, name, arguments, environment=None, stop_signal=signal.SIGTERM, death_signal=signal.SIGKILL,
              account=None):
        log = self.folder / f"{name}.log"
        parent = os.getpid()

        def prepare():
            default_signals()
            take_account(account)
            end_with_parent(death_signal)
            if os.getppid() != parent:
                os._exit(1)

        with open(log, "wb") as output:
            popen = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd="/",
                env=clean_environment(environment), start_new_session=True, preexec_fn=prepare)
        process = Process(name, popen, log, stop_signal)
        self.processes.append(process)
        (self.folder / f"{name}.pid").write_text(str(popen.pid))
        return process

    def run_step(self, name, arguments, environment=None, account=None):
        done = subprocess.run(
            arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd="/", timeout=120,
            env=clean_environment(environment), preexec_fn=lambda: take_account(account), check=False)
        if done.returncode != 0:
            output = done.stdout.decode("utf-8", "replace").strip()
            raise StackFailure(f"{name} ended with status {done.returncode}: {output[-2000:]}")

    def shown_urls(self):
        sandboxes = {f"{name}-sandbox": url for name, url in self.urls.items()}
        return {**sandboxes, **{name: f"{url}/health/ready" for name, url in self.health.items()}}

    # Watching and stopping

    def check_alive(self):
        for process in self.processes:
            status = process.popen.poll()
            if status is not None:
                raise StackFailure(f"{process.name} ended by itself with status {status}", process)

    def stop(self):
        """Ends every process, the newest first; a service that needs more than its five seconds is named."""
        while self.processes:
            process = self.processes.pop()
            if process.popen.poll() is not None:
                continue
            begun = time.monotonic()
            process.popen.send_signal(process.stop_signal)
            try:
                process.popen.wait(5)
            except subprocess.TimeoutExpired:
                self.slow_stops.append(process.name)
                process.popen.send_signal(signal.SIGQUIT if process.name == "postgresql" else signal.SIGKILL)
                process.popen.wait()
            self.say(f"{process.name} stopped ({time.monotonic() - begun:.1f} s)")

    def remove_folder(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def keep_logs(self, name="logs"):
        """Copies the logs into a folder of the repository's .run, for a look after the stack is gone."""
        kept = REPOSITORY / ".run" / name
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir(parents=True)
        for log in self.folder.glob("*.log"):
            shutil.copyfile(log, kept / log.name)
        return kept

    def write_environment_file(self, path):
        lines = ["# Source this, then use the crossdock command against the running stack."]
        lines += [f"export {name}={shlex.quote(value)}" for name, value in self.environment.items()]
        lines.append(f"export PATH={shlex.quote(str(self.binaries))}:$PATH")
        path.write_text("\n".join(lines) + "\n")


def program_of(name):
    """The program that a process runs: the second `status-feedback` is called `status-feedback-2`."""
    return re.sub(r"-\d+$", "", name)


def default_signals():
    """Blocked or ignored signals are inherited; a process of ours begins with none."""
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)


def take_account(account):
    if account is not None:
        os.setgroups([])
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)


def clean_environment(extra=None):
    """What a process needs of ours, and its own; no setting of the caller's shell leaks into a service."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LD_LIBRARY_PATH", "TMPDIR") if name in os.environ}
    return {**kept, "LANG": "C.UTF-8", **(extra or {})}


def sweep_leftovers():
    """Removes folders of runs whose keeper was killed; their processes ended with it."""
    for folder in Path("/tmp").glob(RUN_PREFIX + "*"):
        try:
            if folder.stat().st_uid == os.geteuid() and not is_alive(int((folder / "keeper.pid").read_text())):
                shutil.rmtree(folder, ignore_errors=True)
        except (OSError, ValueError):
            continue


def is_alive(pid):
    """Whether the process runs; one that has ended and that nobody has collected yet does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] not in ("Z", "X")
