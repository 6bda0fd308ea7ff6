"""Measures what live readers cost and how fast lines of a large log come: `scripts/bench-live` runs it, `--write` puts the table
into README.md.

The service is a process of its own with an empty data folder; readers and the artifact server that has the log are in this
process. Times are those of whole requests over loopback. Only Python's own library is needed.
"""

import argparse, gzip, http.server, json, os, pathlib, platform, random, resource, selectors, socket, subprocess, tempfile, threading, time
import urllib.parse, urllib.request

PROJECT, BUSY, REVISION = "autoland", "try", "9c6e4c31ad26efdad0b9af47a2b530bc414ce2c3"
BATCH = 100


def percentile(times, share):
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


def line(number):
    value = number * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF
    return (f"[task 2026-11-22T10:{number // 60 % 60:02}:{number % 60:02}.000Z] 10:{number % 60:02}     INFO - TEST-PASS | "
            f"dir/sub/test_{value >> 54}.js | check {value >> 40} is equal - true\n")


def make_log(path, megabytes):
    """Writes a gzipped log; returns its number of lines."""
    lines, size = 0, 0
    with gzip.open(path, "wt", compresslevel=6) as log:
        while size < megabytes << 20:
            text = "".join(line(number) for number in range(lines, lines + 2000))
            log.write(text)
            lines, size = lines + 2000, size + len(text)
    return lines


class Artifacts(http.server.BaseHTTPRequestHandler):
    """Serves one file, with ranges, and counts what it sends."""
    protocol_version = "HTTP/1.1"
    path_of_log, sent = None, 0

    def do_GET(self):
        size = os.path.getsize(self.path_of_log)
        start, end, asked = 0, size, self.headers.get("Range")
        if asked:
            first, last = asked.removeprefix("bytes=").split("-")
            start, end = int(first), min(size, int(last) + 1)
        self.send_response(206 if asked else 200)
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{size}")
        self.send_header("Content-Length", str(end - start))
        self.end_headers()
        with open(self.path_of_log, "rb") as log:
            log.seek(start)
            while start < end:
                piece = log.read(min(1 << 20, end - start))
                self.wfile.write(piece)
                start += len(piece)
                Artifacts.sent += len(piece)

    def log_message(self, *_):
        pass


class Service:
    def __init__(self, program, folder):
        environment = {"TREEHERDER_DATA_DIR": folder, "TREEHERDER_PRIVATE_HOSTS": "127.0.0.1", "LOGGING_LEVEL": "info",
                       "TREEHERDER_LOGGING_FORMAT": "json", "TREEHERDER_WRITES_PER_MINUTE": "60000"}
        self.process = subprocess.Popen([program, "serve", "--listen", "127.0.0.1:0"], env=environment,
                                        stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        for text in self.process.stderr:
            if not text.startswith("{"):
                raise SystemExit(f"the service does not start: {text}{self.process.stderr.read()}")
            if url := json.loads(text).get("url"):
                self.url = url
                break
        threading.Thread(target=self.process.stderr.read, daemon=True).start()
        made = subprocess.run([program, "tokens", "create", "--user", "bench@example.org", "--format", "json"],
                              env=environment, check=True, capture_output=True)
        self.token = json.loads(made.stdout)["token"]

    def ask(self, path, body=None):
        request = urllib.request.Request(self.url + path, method="GET" if body is None else "POST")
        request.add_header("User-Agent", "bench-live")
        if body is not None:
            request.add_header("Authorization", f"Bearer {self.token}")
            request.add_header("Content-Type", "application/json")
            request.data = json.dumps(body).encode()
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def memory(self):
        """Resident memory in bytes."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(text for text in status.splitlines() if text.startswith("VmRSS")).split()[1]) << 10


class Ingestion(threading.Thread):
    """Submits jobs to another project, as fast as they are taken, until it is stopped."""

    def __init__(self, service):
        super().__init__(daemon=True)
        self.service, self.stopping, self.jobs, self.began = service, threading.Event(), 0, time.perf_counter()
        service.ask(f"api/project/{BUSY}/pushes/", {"revision": REVISION, "author": "bench@example.org"})
        self.start()

    def run(self):
        while not self.stopping.is_set():
            messages = [job(f"busy-{self.jobs + number}/0", project=BUSY) for number in range(BATCH)]
            self.service.ask(f"api/project/{BUSY}/jobs/", messages)
            self.jobs += BATCH

    def stop(self):
        """Returns how many jobs were taken in a second."""
        self.stopping.set()
        self.join()
        return self.jobs / (time.perf_counter() - self.began)


def job(guid, log=None, project=PROJECT):
    message = {"taskId": guid, "version": 1, "buildSystem": "bench", "jobKind": "test", "state": "completed", "result": "fail",
               "origin": {"project": project, "revision": REVISION}, "owner": "bench", "reason": "bench", "labels": ["opt"],
               "display": {"jobSymbol": "t", "groupSymbol": "B", "jobName": "tests"},
               "buildMachine": {"name": "b", "platform": "linux64", "os": "linux", "architecture": "x86_64"}}
    if log:
        message["logs"] = [{"name": "live_backing_log", "url": log}]
    return message


def measure_readers(service, readers, events):
    address = urllib.parse.urlsplit(service.url)
    service.ask("api/repository/")
    before, selector, connections = service.memory(), selectors.DefaultSelector(), []
    for _ in range(readers):
        connection = socket.create_connection((address.hostname, address.port))
        connection.sendall(f"GET /events?subscribe={PROJECT}.job HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n".encode())
        connections.append(connection)
    for connection in connections:
        text = b""
        while b": connected" not in text:
            text += connection.recv(4096)
        connection.setblocking(False)
        selector.register(connection, selectors.EVENT_READ)
    idle = service.memory() - before
    ingestion, times = Ingestion(service), []
    for number in range(events):
        marker, waiting = f"reader-{number}/0", set(connections)
        start = time.perf_counter()
        service.ask(f"api/project/{PROJECT}/jobs/", job(marker))
        while waiting:
            for key, _ in selector.select(timeout=30):
                if marker.encode() in key.fileobj.recv(65536):
                    waiting.discard(key.fileobj)
        times.append(time.perf_counter() - start)
    rate, after = ingestion.stop(), service.memory() - before
    for connection in connections:
        connection.close()
    return idle, after, rate, times


def measure_lines(service, log, lines, requests):
    Artifacts.path_of_log = log
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Artifacts)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/public/logs/live_backing.log"
    start = time.perf_counter()
    taken = service.ask(f"api/project/{PROJECT}/jobs/", job("large/0", url))
    path = f"api/project/{PROJECT}/jobs/{taken[0]['id']}/"
    while service.ask(f"api/project/{PROJECT}/job-log-url/?job_id={taken[0]['id']}")[0]["parse_status"] != "parsed":
        time.sleep(0.05)
    parsed, Artifacts.sent = time.perf_counter() - start, 0
    times = []
    for _ in range(requests):
        first = random.randrange(lines - 500)
        start = time.perf_counter()
        page = service.ask(f"{path}log/lines?start={first}&count=500")
        times.append(time.perf_counter() - start)
        assert page["total_lines"] == lines and page["lines"][7] == line(first + 7).rstrip("\n"), first
    server.shutdown()
    return parsed, times, Artifacts.sent


def machine():
    """Names the machine that was measured on."""
    model = next((text.split(":", 1)[1].strip() for text in open("/proc/cpuinfo") if text.startswith("model name")), platform.machine())
    return f"{model}, {os.cpu_count()} cores, Linux {platform.release().split('-')[0]}"


def write(path, table):
    """Puts the table between its markers."""
    file = pathlib.Path(path)
    begin, end = "<!-- bench:live -->", "<!-- /bench:live -->"
    before, rest = file.read_text().split(begin)
    after = rest.split(end)[1]
    file.write_text(f"{before}{begin}\n{table}{end}{after}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--program", default="target/release/treeherder")
    arguments.add_argument("--readers", type=int, default=2000)
    arguments.add_argument("--events", type=int, default=20)
    arguments.add_argument("--megabytes", type=int, default=500, help="text of the log")
    arguments.add_argument("--requests", type=int, default=300)
    arguments.add_argument("--write", nargs="?", const="README.md", metavar="FILE", help="replace the table in this file")
    arguments = arguments.parse_args()
    random.seed(1)
    wanted = arguments.readers + 200
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted if most == resource.RLIM_INFINITY else min(wanted, most), most))
    with tempfile.TemporaryDirectory() as folder:
        service = Service(arguments.program, folder)
        try:
            service.ask(f"api/project/{PROJECT}/pushes/", {"revision": REVISION, "author": "bench@example.org"})
            idle, after, rate, times = measure_readers(service, arguments.readers, arguments.events)
            log = os.path.join(folder, "log.gz")
            lines = make_log(log, arguments.megabytes)
            parsed, ranges, sent = measure_lines(service, log, lines, arguments.requests)
            size = os.path.getsize(log)
        finally:
            service.process.terminate()
            service.process.wait()
    milliseconds = lambda times, share: f"{percentile(times, share) * 1000:.1f} ms"
    rows = [
        (f"memory of {arguments.readers:,} idle readers of `/events`", f"{idle / 1e6:.1f} MB", "50 MB"),
        (f"the same after {arguments.events} events while jobs are ingested", f"{after / 1e6:.1f} MB", ""),
        (f"from a job's submission until all readers have its event, while {rate:,.0f} jobs/s are ingested",
         f"p50 {milliseconds(times, 0.5)}, p99 {milliseconds(times, 0.99)}", "1 s"),
        (f"500 lines anywhere in a log of {arguments.megabytes} MB ({size / 1e6:.0f} MB gzipped, {lines:,} lines)",
         f"p50 {milliseconds(ranges, 0.5)}, p99 {milliseconds(ranges, 0.99)}", "200 ms"),
        ("raw bytes fetched for such a request", f"{sent / arguments.requests / 1e6:.2f} MB", ""),
        ("that log, from its submission until it is parsed", f"{parsed:.1f} s", ""),
    ]
    table = "| what | measured | goal |\n|---|---|---|\n"
    table += "".join(f"| {what} | {measured} | {goal} |\n" for what, measured, goal in rows)
    table += f"\nReaders, submissions and the artifact server run on the same machine: {machine()}.\n"
    print(table)
    if arguments.write:
        write(arguments.write, table)


main()
