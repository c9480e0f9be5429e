"""A page that writes a row through the database's name, and shows what a change of writer looks like to an application.

It holds one connection. Before each row it looks the name up again, so that no row is written over a connection that is older than
the name's last move. What fails is dropped, and tried once more over a new connection, with the same id: a row whose commit nobody
heard of is never written twice. Every wait has a bound."""

import contextlib
import dataclasses
import datetime
import http.server
import json
import os
import signal
import socket
import socketserver
import sys
import threading
import time
import uuid

import psycopg
from psycopg import sql

# The bounds of one page, in seconds. Together with three lookups of names they are below a load balancer's deregistration delay and
# a task's stop timeout, see balancer.yaml and containers.yaml.
QUEUE_SECONDS = 4
RETRY_WITHIN_SECONDS = 3
CONNECT_SECONDS = 3
STATEMENT_SECONDS = 3
# Pages that wait for the database at once. Further ones are refused right away; the load balancer's check is none of them.
PAGES_AT_ONCE = 32
ROWS_SHOWN = 10

SCHEMA = "application"
TABLE = sql.SQL("{}.visits").format(sql.Identifier(SCHEMA))
# The key never collides between two writers. The number may jump after a failover, because a sequence is logged ahead.
CREATE = sql.SQL("""CREATE TABLE IF NOT EXISTS {} (
    id uuid PRIMARY KEY, number bigint GENERATED ALWAYS AS IDENTITY, written_at timestamptz NOT NULL DEFAULT now(),
    answered_by text NOT NULL, written_to text NOT NULL)""").format(TABLE)
INSERT = sql.SQL("INSERT INTO {} (id, answered_by, written_to) VALUES (%s, %s, %s) ON CONFLICT (id) DO NOTHING").format(TABLE)
NUMBER = sql.SQL("SELECT number FROM {} WHERE id = %s").format(TABLE)
SELECT = sql.SQL("SELECT number, written_at, answered_by, written_to FROM {} ORDER BY number DESC LIMIT %s").format(TABLE)


class Unavailable(Exception):
    """Why no row was written, in words for whoever reads the page."""


class NotAMember(Exception):
    """The name leads somewhere else than to a member of the global database."""


def log(message, **fields):
    """One line of JSON. No setting is ever a field."""
    at = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")
    print(json.dumps({"at": at, "message": message, **fields}), flush=True)


@dataclasses.dataclass(frozen=True)
class Settings:
    """What the environment says. The host is a CNAME, or what a parameter held when the program was started."""

    region: str
    database_host: str
    database_members: str
    database_port: str
    database_name: str
    database_user: str
    database_password: str = dataclasses.field(repr=False)
    database_ca_bundle: str
    listen_port: str

    @classmethod
    def from_environment(cls):
        names = {field.name: field.name.upper() for field in dataclasses.fields(cls)}
        missing = [name for name in names.values() if not os.environ.get(name)]
        if missing:
            sys.exit(f"application: not in the environment: {', '.join(missing)}")
        return cls(**{field: os.environ[name] for field, name in names.items()})

    @property
    def members(self):
        """The endpoints that the name may lead to. A certificate bears such a name, and not the CNAME's."""
        return [member.strip() for member in self.database_members.split(",") if member.strip()]


def addresses_of(name):
    """The addresses of a name now. Nothing is kept here: for how long an answer holds is its TTL's and the resolver's business."""
    return {found[4][0] for found in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)}


def member_at(settings, addresses):
    """Which member has one of these addresses, and that address."""
    for member in settings.members:
        with contextlib.suppress(OSError):
            common = addresses & addresses_of(member)
            if common:
                return member, min(common)
    raise NotAMember(f"{settings.database_host} leads to {', '.join(sorted(addresses))}, which is no member's address")


def connect(settings, member, address, user, password):
    """A connection to a member that takes writes, whose certificate bears the member's own name."""
    # The address is given. libpq would look the name up itself, without a bound, and hold every other thread up meanwhile.
    return psycopg.connect(
        host=member, hostaddr=address, port=settings.database_port, dbname=settings.database_name, user=user, password=password,
        sslmode="verify-full", sslrootcert=settings.database_ca_bundle, target_session_attrs="read-write",
        connect_timeout=CONNECT_SECONDS, tcp_user_timeout=STATEMENT_SECONDS * 1000, autocommit=True,
        options=f"-c statement_timeout={STATEMENT_SECONDS}s", application_name="application")


@contextlib.contextmanager
def cut_after(seconds, connection):
    """Ends a connection that does not answer in time. Neither the server's own limit nor TCP's helps against a server that hangs."""
    with socket.socket(fileno=os.dup(connection.fileno())) as line:
        timer = threading.Timer(seconds, line.shutdown, [socket.SHUT_RDWR])
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()


class Writer:
    """The one connection, and what came of the last row."""

    def __init__(self, settings):
        self.settings = settings
        self.lock = threading.Lock()
        self.connection = self.member = self.address = None
        self.state = "was not asked yet"

    def write(self, row):
        """Writes a row; the member that took it, its number, and the last rows."""
        if not self.lock.acquire(timeout=QUEUE_SECONDS):
            raise Unavailable("others wait for the database")
        try:
            begun = time.monotonic()
            for is_last in (False, True):
                try:
                    written = self.attempt(row)
                except (OSError, psycopg.Error, NotAMember) as why:
                    self.close()
                    self.state = f"took no row at {now()}"
                    log("no row was written", member=self.member, why=f"{type(why).__name__}: {why}".strip())
                    if is_last or time.monotonic() - begun > RETRY_WITHIN_SECONDS:
                        raise Unavailable("the database takes no writes now") from None
                else:
                    self.state = f"took a row at {now()}"
                    return written
        finally:
            self.lock.release()

    def attempt(self, row):
        addresses = addresses_of(self.settings.database_host)
        if self.connection and self.address not in addresses:
            log("the name leads elsewhere", member=self.member)
            self.close()
        if not self.connection:
            self.member, self.address = member_at(self.settings, addresses)
            self.connection = connect(
                self.settings, self.member, self.address, self.settings.database_user, self.settings.database_password)
            log("connected", member=self.member)
        with cut_after(STATEMENT_SECONDS, self.connection):
            self.connection.execute(INSERT, (row, self.settings.region, self.member))
            (number,) = self.connection.execute(NUMBER, (row,)).fetchone()
            rows = self.connection.execute(SELECT, (ROWS_SHOWN,)).fetchall()
        return self.member, number, rows

    def close(self):
        if self.connection:
            self.connection.close()
            self.connection = None


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")


def page(settings, writer):
    """The status and the text of one page."""
    try:
        member, number, rows = writer.write(uuid.uuid4())
    except Unavailable as why:
        return 503, f"{settings.region} answered, and wrote no row: {why}. Reload the page.\n"
    lines = [f"{of_row:>8}  {at:%Y-%m-%d %H:%M:%S}  {by:<14}  {to}" for of_row, at, by, to in rows]
    return 200, "\n".join([
        f"{settings.region} answered, and wrote row {number} to {member}", "", "  number  written at           answered by     written to",
        *lines, ""])


def health(writer):
    """Whether this program serves. Where the writer is away nobody could serve, in no Region, so that is told and no failure."""
    return 200, json.dumps({"serves": True, "database": writer.state, "fails_with_the_database": False}) + "\n"


class Server(socketserver.ThreadingTCPServer):
    """Answers each request in a thread of its own, and waits for all of them when it is closed."""

    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, settings):
        self.settings = settings
        self.writer = Writer(settings)
        self.pages = threading.BoundedSemaphore(PAGES_AT_ONCE)
        super().__init__(("", int(settings.listen_port)), Handler)


class Handler(http.server.BaseHTTPRequestHandler):
    """One request, of a client that may be slow, but not for ever."""

    timeout = 5

    def do_GET(self):
        if self.path == "/healthz":
            self.answer(*health(self.server.writer))
        elif self.path != "/":
            self.answer(404, "There is / and /healthz.\n")
        elif not self.server.pages.acquire(blocking=False):
            self.answer(503, f"{self.server.settings.region} answered, and wrote no row: too many wait. Reload the page.\n")
        else:
            try:
                self.answer(*page(self.server.settings, self.server.writer))
            finally:
                self.server.pages.release()

    def answer(self, status, text):
        self.send_response(status)
        self.send_header("Content-Type", "application/json" if text.startswith("{") else "text/plain; charset=utf-8")
        self.send_header("Cache-Control", "no-store")
        if status == 503:
            self.send_header("Retry-After", "1")
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        """Requests are logged by the load balancer, where somebody wants that."""


def serve(settings):
    """Serves until SIGTERM. Requests that are under way are answered first."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with Server(settings) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.1,))
        thread.start()
        log("serving", region=settings.region, port=server.server_address[1])
        stop.wait()
        log("stopping")
        server.shutdown()
        thread.join()
    server.writer.close()
    log("stopped")


def prepare(settings):
    """Makes the application's login and its table, as the administrator. Doing it again changes nothing but the password."""
    user, password = os.environ.get("ADMIN_USER"), os.environ.get("ADMIN_PASSWORD")
    if not user or not password:
        sys.exit("application: prepare needs ADMIN_USER and ADMIN_PASSWORD in the environment")
    member, address = member_at(settings, addresses_of(settings.database_host))
    role, schema = sql.Identifier(settings.database_user), sql.Identifier(SCHEMA)
    with connect(settings, member, address, user, password) as connection:
        # What the server gets is a verifier, so that no log of it can hold the password.
        verifier = connection.pgconn.encrypt_password(
            settings.database_password.encode(), settings.database_user.encode(), b"scram-sha-256").decode()
        there = connection.execute("SELECT FROM pg_roles WHERE rolname = %s", (settings.database_user,)).fetchone()
        connection.execute(sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(sql.SQL("ALTER" if there is not None else "CREATE"), role, verifier))
        connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(schema))
        connection.execute(CREATE)
        connection.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(schema, role))
        connection.execute(sql.SQL("GRANT SELECT, INSERT ON {} TO {}").format(TABLE, role))
    log("prepared", member=member, user=settings.database_user)


if __name__ == "__main__":
    words = sys.argv[1:]
    if words not in ([], ["prepare"]):
        sys.exit("usage: application.py [prepare]")
    (prepare if words else serve)(Settings.from_environment())
