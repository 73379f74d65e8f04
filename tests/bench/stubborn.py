"""A desk that never gives up: `python -m tests.bench.stubborn`, a process of its own, with its orders as JSON on stdin.

By HTTP and by the pages' own forms, as a browser without JavaScript: it registers a family, gives them water by the
form, scans a card; and begins again. Without an answer, on an answer of 500 and more, and when it is asked to slow
down, it sends the SAME form until it is told. What it was told goes into its ledger, a line each. It stops, with
nothing open, when the file `stop` is there. No Django in here: it knows what the pages say and nothing else.
"""

import html
import http.client
import json
import re
import sys
import time
import uuid
from collections import Counter
from pathlib import Path
from random import Random
from urllib.parse import urlencode

PATIENCE = 20  # seconds for one answer
PAUSE = 0.1  # before the same form goes out again
TOO_FAST = 429  # no hands enter thirty families a minute; this desk does
REGISTER = "/es/families/register/"


class Refused(Exception):
    """An answer that a desk would not understand."""


class Desk:
    def __init__(self, orders):
        self.host, self.cookies = orders["host"], {"sessionid": orders["session"]}
        self.name, self.codes, self.rng = orders["name"], orders["codes"], Random(orders["name"])
        self.ledger, self.stop = Path(orders["ledger"]).open("a"), Path(orders["stop"])  # noqa: SIM115
        self.answers, self.waits, self.slowest, self.surprises = Counter(), 0, 0.0, []
        self.serial, self.round = 0, None

    # --- speaking ------------------------------------------------------------------------------------------

    def ask(self, method, path, data=None):
        """(status, address it leads to, page); raises OSError or HTTPException when the line breaks."""
        link = http.client.HTTPConnection(self.host, timeout=PATIENCE)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if data is not None:
            data = urlencode(data, doseq=True)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            link.request(method, path, data, headers)
            answer = link.getresponse()
            page = answer.read().decode()
        finally:
            link.close()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, value = cookie.split(";")[0].split("=", 1)
            self.cookies[name] = value
        return answer.status, answer.headers.get("Location") or "", page

    def until_told(self, method, path, data=None):
        """The same again until there is an answer that is none of a server in trouble."""
        while True:
            begin = time.monotonic()
            try:
                status, leads_to, page = self.ask(method, path, data)
            except (OSError, http.client.HTTPException) as error:
                status = type(error).__name__
            took = time.monotonic() - begin
            self.slowest = max(self.slowest, took)
            self.answers[str(status)] += 1
            if isinstance(status, int) and status < 500 and status != TOO_FAST:
                return status, leads_to, page
            if isinstance(status, int) and status != TOO_FAST:
                self.look_at(method, status, page)
            self.waits += method == "POST"
            time.sleep(1 if status == TOO_FAST else PAUSE)

    def look_at(self, method, status, page):
        """In trouble a page says so, and a form stays."""
        words = "por no guardado" if method == "POST" else "no puede mostrar esta página"
        kept = method == "GET" or 'name="key"' in page
        if status != 503 or words not in page or not kept or "Traceback" in page:
            self.surprises.append(f"{method} {status} {page[-300:]}")

    def told(self, what, key, people):
        self.ledger.write(json.dumps({"what": what, "key": key, "people": people}) + "\n")
        self.ledger.flush()

    # --- working -------------------------------------------------------------------------------------------

    def work(self):
        while not self.stop.exists():
            family, people = self.register()
            self.give_water(family, people)
            self.scan()

    def form(self, path) -> tuple[str, dict]:
        status, _leads_to, page = self.until_told("GET", path)
        if status != 200:
            raise Refused(f"{path} answers {status}")
        return page, {"csrfmiddlewaretoken": field(page, "csrfmiddlewaretoken"), "key": field(page, "key")}

    def register(self) -> tuple[str, int]:
        page, data = self.form(REGISTER)
        people = self.rng.randint(1, 4)
        self.serial += 1
        data |= {"origin": "Olancho, Honduras", "arrived_on": "hoy", "language": "spa", "plan": "MEX-STAY"}
        data |= {"notice": field(page, "notice"), "notice_answer": "accepted"}
        data |= {"m-TOTAL_FORMS": str(people), "m-INITIAL_FORMS": "0"}
        for number in range(people):
            # A name that nobody else has, so that a doubled person is found whatever keys they bear.
            data[f"m-{number}-given_names"] = f"{letters(self.serial)} {letters(number + 1)}"
            data |= {f"m-{number}-surnames": self.name, f"m-{number}-age": str(40 - 9 * number)}
            data[f"m-{number}-sex"] = "F"
        status, leads_to, page = self.until_told("POST", REGISTER, data)
        if (status, leads_to) != (302, f"{REGISTER}?saved={data['key']}"):
            raise Refused(f"a registration: {status} {leads_to} {words_of(page)}")
        self.told("family", data["key"], people)
        return data["key"], people

    def give_water(self, family, people):
        """The one thing without a limit: nothing but the key of the form keeps it from being given twice."""
        path = f"/es/families/{family}/service/"
        page, data = self.form(path)
        them = values(page, "people")
        if len(them) != people:
            raise Refused(f"{len(them)} people instead of {people}")
        data |= {"service_type": "FOOD-WAT", "people": them, "quantity": "1"}
        status, leads_to, page = self.until_told("POST", path, data)
        if (status, leads_to) != (302, f"/es/families/{family}/"):
            raise Refused(f"a service: {status} {leads_to} {words_of(page)}")
        self.told("service", family, people)

    def scan(self):
        if not self.round:
            page, data = self.start_scanning()
            self.round, self.token = field(page, "round"), data["csrfmiddlewaretoken"]
        key, code = str(uuid.uuid4()), self.codes[self.serial % len(self.codes)]
        data = {"round": self.round, "key": key, "code": code, "csrfmiddlewaretoken": self.token}
        status, _leads_to, page = self.until_told("POST", "/es/scan/", data)
        kind, scan = re.search(r'data-kind="(\w+)"', page), re.search(r'data-scan="([\w-]+)"', page)
        if status != 200 or not kind or kind[1] != "served":
            raise Refused(f"a scan: {status} {kind and kind[1]} {words_of(page)}")
        if scan[1] == key:  # else the same card within three seconds: told again, recorded once
            self.told("scan", key, int(re.search(r'data-portions="(\d+)"', page)[1]))

    def start_scanning(self):
        _page, data = self.form(REGISTER)
        data["service_type"] = "FOOD-WAT"
        status, leads_to, page = self.until_told("POST", "/es/scan/start/", data)
        if status != 302:
            raise Refused(f"a round: {status} {leads_to} {words_of(page)}")
        return self.form("/es/scan/")


def values(page, name) -> list[str]:
    inputs = re.findall(rf'<input[^>]*\bname="{name}"[^>]*>', page)
    return [html.unescape(re.search(r'\bvalue="([^"]*)"', each)[1]) for each in inputs]


def field(page, name) -> str:
    return values(page, name)[0]


def words_of(page) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())[:600]


def letters(number) -> str:
    """Names hold no digits: 1 is Ab, 26 is Ba."""
    found = ""
    while number or len(found) < 2:
        number, rest = divmod(number, 26)
        found = chr(97 + rest) + found
    return found.capitalize()


def main():
    desk, refused = Desk(json.load(sys.stdin)), ""
    try:
        desk.work()
    except Refused as error:
        refused = str(error)
    report = {"answers": desk.answers, "resent": desk.waits, "slowest": desk.slowest}
    print(json.dumps(report | {"surprises": desk.surprises[:3], "refused": refused}))


if __name__ == "__main__":
    main()
