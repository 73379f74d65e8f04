"""A real server on the test database: gunicorn as `dev.py run` starts it, and a real Chromium in front."""

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.parse import quote
from urllib.request import urlopen

import pytest
from django.conf import settings
from django.db import connection

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
ROOT = Path(settings.BASE_DIR)


def database_url() -> str:
    """The test database, for another process."""
    config = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{config['NAME']}"
    account = config["USER"] + (f":{quote(config['PASSWORD'], safe='')}" if config["PASSWORD"] else "")
    place = config["HOST"] + (f":{config['PORT']}" if config["PORT"] else "")
    socket_folder = config["OPTIONS"].get("host")
    return f"postgres://{account}@{place}/{config['NAME']}" + (
        f"?host={socket_folder}" if socket_folder else ""
    )


def bytes_in(*files) -> bytes:
    """What these hold, read by another process.

    The locks of SQLite belong to a process, and are gone when it closes the file, whoever opened it there. A server on
    the same file would then think that nobody else has it open and take its log away: a disk I/O error from then on.
    """
    return subprocess.run(["cat", *files], check=True, capture_output=True).stdout if files else b""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def prepared(url, folder) -> dict:
    """The environment of the production server on that database: production settings, hashed assets."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "shelters.settings",
        "DATABASE_URL": url,
        "SECRET_KEY": settings.SECRET_KEY,
        "STATIC_ROOT": str(folder / "static"),
    }
    manage = [sys.executable, str(ROOT / "manage.py"), "collectstatic", "--noinput", "--verbosity", "0"]
    subprocess.run(manage, env=environment, cwd=ROOT, check=True)
    return environment


def started(environment, port, log) -> subprocess.Popen:
    """Two processes, as `dev.py run` starts them; leader of a group of its own, so that one signal reaches them all."""
    threads = "4" if environment["DATABASE_URL"].startswith("postgres") else "1"
    command = [sys.executable, "-m", "gunicorn", "shelters.wsgi", "--bind", f"127.0.0.1:{port}"]
    command += ["--workers", "2", "--threads", threads, "--no-control-socket"]
    return subprocess.Popen(
        command, env=environment, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
    )


@pytest.fixture(scope="session")
def gunicorn(django_db_setup, django_db_blocker, tmp_path_factory):
    """The address of the production server."""
    folder, port = tmp_path_factory.mktemp("server"), free_port()
    with django_db_blocker.unblock():
        url = database_url()
    environment = prepared(url, folder)
    with (folder / "log").open("w") as log:
        server = started(environment, port, log)
    address = f"http://127.0.0.1:{port}"
    wait_for(address + "/healthz", server, folder / "log")
    yield address
    server.terminate()
    server.wait(20)


def wait_for(url, server, log):
    for _attempt in range(100):
        try:
            with urlopen(url, timeout=2):
                return
        except (URLError, OSError):
            if server.poll() is not None:
                break
            time.sleep(0.1)
    pytest.fail("The server did not start:\n" + log.read_text())


@pytest.fixture
def server(gunicorn, transactional_db):
    """The address of the real server, with a database that is emptied after the test."""
    return gunicorn


@pytest.fixture(scope="session")
def chromium():
    if not CHROMIUM:
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=20_000)  # milliseconds: both engines' suites share the machine

    # Playwright runs its own event loop in this thread; Django would refuse its ORM beside it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_browser(chromium, server, sign_in):
    """`open_browser(user, phone=…, javascript=…)`: a page already signed in and on shift.

    Fails the test when the browser reports anything: a refused script or style, a missing file, a script error.
    """
    complaints, contexts = [], []

    def opened(user=None, *, phone=False, javascript=True, language="es", complains=True, keeps=True):
        size = {"width": 360, "height": 740} if phone else {"width": 1366, "height": 768}
        context = chromium.new_context(
            viewport=size,
            has_touch=phone,
            is_mobile=phone,
            java_script_enabled=javascript,
            locale=language,
            base_url=server,
            service_workers="allow"
            if keeps
            else "block",  # a device that never got the form without a network
        )
        contexts.append(context)
        if user:
            cookie = sign_in(user).cookies["sessionid"].value
            context.add_cookies([{"name": "sessionid", "value": cookie, "url": server}])
        page = context.new_page()
        if not complains:  # the test cuts the line or the session on purpose
            return page
        page.on("console", lambda message: complaints.append(message.text) if is_complaint(message) else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda request: (
                complaints.append(request.url) if not request.url.startswith((server, "data:")) else None
            ),
        )
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def is_complaint(message) -> bool:
    """Errors and warnings; the 422 that a refused form rightly answers is none."""
    return message.type in ("error", "warning") and "status of 422" not in message.text
