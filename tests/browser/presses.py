"""Presses whatever a page lets one press, and writes down what the browser and the server say to it."""

import re

from playwright.sync_api import Error

from tests.live import CHROMIUM, FLAGS, is_complaint

CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
# The event says more than the console, and also what a report-only policy would. Nobody is there to answer a printer.
LISTEN = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`refused: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
window.print = () => {};
"""
# What can be pressed now, once for each kind: rows of a list and days of a calendar differ by their numbers alone, and
# what does not send anything is the same on each page of the admin. Links to another page are left out: it is opened
# anyway. What is typed into is filled in when its form is sent.
FOUND = """
() => {
  const plain = (text) => (text || "").replace(/[0-9a-f]{8}-[0-9a-f-]{27}|[0-9]+/gi, "#").trim().slice(0, 40);
  const here = plain(location.pathname.replace(/^.(es|en)./, "/"));
  const page = document.body.dataset.whoami ? here : "admin";
  const what = `button, summary, select, input:not([type=hidden]), textarea, .select2-selection,
    a[href^="#"], a[href=""], a.related-widget-wrapper-link[href], a.related-lookup, [role=button], [role=option]`;
  const not = ":disabled, [aria-disabled=true], [readonly], [tabindex='-1'], .skip, .skip-to-content-link";
  const above = "dialog, .calendarbox, .clockbox, .select2-container--open";
  const ticks = ["checkbox", "radio", "submit", "image", "button", "file"];
  const seen = new Set();
  return [...document.querySelectorAll(what)].flatMap((each, number) => {
    const isShown = each.checkVisibility({visibilityProperty: true}) && !each.closest("[inert]");
    if (!isShown || each.matches(not)) return [];
    const form = each.form, sends = form && ["submit", "image"].includes(each.type);
    const types = each.matches("textarea, input") && !ticks.includes(each.type);
    if (types && form?.querySelector("[type=submit], button")) return [];
    const isAbove = Boolean(each.closest(above)) && !each.matches(".select2-selection");
    const saves = ["_continue", "_addanother"].includes(each.name);  // the admin's "save", and then another page
    const inPage = sends && !saves ? here : page;
    const place = isAbove ? each.closest(above).className : each.closest("main, #content") ? inPage : "frame";
    const untold = "summary, select, textarea, .select2-selection, [role=option]";
    const words = each.matches(untold) ? "" : plain(each.textContent);
    const names = sends && !saves ? [...new Set([...form.elements].map((one) => plain(one.name)))].sort() : [];
    const sent = sends && !saves ? [plain(form.getAttribute("action")), names, plain(each.value)] : [];
    const key = [place, each.localName, each.type, plain(each.className), plain(each.name), words, ...sent].join("|");
    if (seen.has(key)) return [];
    seen.add(key);
    each.dataset.press = number;
    const does = sends ? "sends" : types ? "types" : each.localName === "select" ? "chooses" : "presses";
    return [{key, number, isAbove, does}];
  });
}
"""
# Whatever is empty in the form of this button gets something plain: most forms are refused early while fields are
# empty. The fields are those of now: typing a name adds another row.
FILL = """
([number, card]) => {
  const form = document.querySelector(`[data-press="${number}"]`).form;
  const kinds = {number: "7", date: "2018-11-06", time: "12:00", "datetime-local": "2018-11-06T12:00"};
  const typed = "textarea, input:not([type=checkbox], [type=radio], [type=submit], [type=file])";
  const named = {card, code: card, age: "34", birth: "34"};
  for (const each of [...form.elements]) {
    if (each.disabled || !each.checkVisibility()) continue;
    const isOpen = each.type === "radio" && ![...form.elements].some((one) => one.name === each.name && one.checked);
    if (isOpen) each.checked = true;
    else if (each.localName === "select" && !each.value && each.options.length > 1) each.selectedIndex = 1;
    else if (each.matches(typed) && !each.value)
      each.value = kinds[each.type] ?? Object.entries(named).find(([part]) => each.name.includes(part))?.[1] ?? "Ana";
    else continue;
    for (const kind of ["input", "change"]) each.dispatchEvent(new Event(kind, {bubbles: true}));
  }
}
"""
A_MOMENT = "() => new Promise((done) => setTimeout(done, 10))"


class Presser:
    """One browser, with a camera, for all roles. Counts, and remembers what it has pressed."""

    def __init__(self, chromium, server):
        self.browser = chromium.browser_type.launch(executable_path=CHROMIUM, args=[*FLAGS, *CAMERA])
        self.server, self.known, self.complaints, self.under_way = server, set(), [], set()
        self.pages = self.presses = 0
        self.last = self.opening = ""

    def sit(self, new_session):
        """Begin as another account; `new_session()` signs it in, also after something pressed has signed it out."""
        for context in self.browser.contexts:
            context.close()
        self.new_session = new_session
        size = {"width": 1366, "height": 768}
        context = self.browser.new_context(viewport=size, locale="es", base_url=self.server)
        context.set_default_timeout(10_000)
        context.add_init_script(LISTEN)
        context.on("console", self.said)
        context.on("weberror", lambda error: self.complain(str(error.error)))
        context.on("request", self.asked)
        context.on("response", self.answered)
        context.on("requestfinished", lambda request: self.under_way.discard(request))
        context.on("requestfailed", self.failed)
        self.context, self.page = context, context.new_page()
        self.page.on("dialog", lambda dialog: dialog.accept())
        self.come_in()

    def come_in(self):
        self.context.add_cookies([{"name": "sessionid", "value": self.new_session(), "url": self.server}])

    # What is said

    def complain(self, words):
        self.complaints.append(f"{self.last}: {words}")

    def said(self, message):
        is_gone = "status of 404" in message.text and message.location["url"] == self.opening
        if is_complaint(message) and not is_gone:
            self.complain(f"{message.text} {message.location['url']}")

    def asked(self, request):
        self.under_way.add(request)
        if not request.url.startswith((self.server, "data:", "blob:")):
            self.complain(f"asked {request.url}")

    def answered(self, response):
        if response.status >= 500:
            self.complain(f"{response.status} from {response.url}")

    def failed(self, request):
        self.under_way.discard(request)
        # What a worker keeps for later goes with the browser's cache, which a sign-out empties under it.
        if request.service_worker:
            return
        if "ERR_ABORTED" not in (request.failure or ""):  # the page was left, or the answer is a file
            self.complain(f"{request.failure} from {request.url}")

    # What is done

    def press_all(self, path, card):
        """Everything on this page and on those it leads to, each from this page as it is opened anew."""
        assert self.opens(path), path
        self.pages += 1
        is_fresh = True
        while True:
            if new := self.new_ones():
                self.press(new[0], card)
            elif is_fresh or not self.opens(path):  # or what was pressed has taken the page away
                break
            is_fresh = not new

    def opens(self, path) -> bool:
        self.last, self.opening = path, self.server + path
        answer = self.page.goto(path)
        if "/account/login/" in answer.url:
            self.come_in()
            answer = self.page.goto(path)
        return answer.status == 200 and answer.url == self.opening

    def new_ones(self) -> list:
        """What was not pressed yet: first what lies above the page, last what leaves it."""
        found = [each for each in self.ask(FOUND) if each["key"] not in self.known]
        return sorted(found, key=lambda each: (not each["isAbove"], each["does"] == "sends"))

    def press(self, each, card):
        self.known.add(each["key"])
        self.last = each["key"]
        self.presses += 1
        target = self.page.locator(f"[data-press='{each['number']}']")
        try:
            if not each["isAbove"]:
                self.page.keyboard.press("Escape")  # a calendar or a list that is still open above it
            if each["does"] == "sends":
                self.page.evaluate(FILL, [each["number"], card])
            if each["does"] == "types":
                target.fill("7" if target.get_attribute("type") == "number" else "a")
            elif each["does"] == "chooses":
                target.select_option(index=target.evaluate("(one) => one.options.length - 1"))
            else:
                target.click()
            if "select#-selection" in each["key"]:
                self.page.wait_for_selector("[role=option]:not(.loading-results)")
        except Error as error:
            self.complain("cannot be pressed: " + re.sub(r"\s+", " ", str(error))[:700])
        self.settle(5 if each["does"] == "sends" else 2)

    def settle(self, long_enough):
        """Until nothing is asked of the server for that many moments; what opened besides is closed.

        The moments are the page's own: between asking whether the server is there and sending, its script runs.
        """
        quiet = 0
        for _moment in range(400):
            self.ask(A_MOMENT)
            quiet = 0 if self.under_way else quiet + 1
            if quiet == long_enough:
                break
        self.under_way.clear()
        for page in self.context.pages:
            if page is not self.page:
                page.close()

    def ask(self, script):
        """Of the page that is there; while it is being left for another, of that one."""
        for _attempt in range(10):
            try:
                return self.page.evaluate(script)
            except Error as error:
                if "context was destroyed" not in str(error):
                    raise
                self.page.wait_for_load_state()
        raise AssertionError(f"{self.last}: the page does not come to rest")
