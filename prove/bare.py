"""A page that nobody instruments: a test tool keeps what its own pages were answered, and that would be measured."""

import json
import time
from contextlib import suppress
from typing import Any

from playwright.sync_api import Browser


class Bare:
    """A page in a window of its own, spoken to over the browser's wire and asked nothing between two questions."""

    def __init__(self, browser: Browser, url: str, width: int = 1920, height: int = 1080) -> None:
        """Open the page."""
        self.browser = browser.new_browser_cdp_session()
        self.answers: dict[int, Any] = {}
        self.asked = 0
        self.browser.on("Target.receivedMessageFromTarget", self._hear)
        context = self.browser.send("Target.createBrowserContext")["browserContextId"]
        place = {"url": url, "browserContextId": context, "width": width, "height": height}
        target = self.browser.send("Target.createTarget", place)["targetId"]
        self.session = self.browser.send("Target.attachToTarget", {"targetId": target, "flatten": False})["sessionId"]

    def _hear(self, event: Any) -> None:
        message = json.loads(event["message"])
        if "id" in message:
            self.answers[message["id"]] = message

    def send(self, method: str, **params: Any) -> Any:
        """Ask the page's tools; raises TimeoutError after a minute without an answer, RuntimeError for a refusal."""
        self.asked += 1
        message = json.dumps({"id": self.asked, "method": method, "params": params})
        self.browser.send("Target.sendMessageToTarget", {"sessionId": self.session, "message": message})
        limit = time.monotonic() + 60
        while time.monotonic() < limit:
            if self.asked in self.answers:
                answer = self.answers.pop(self.asked)
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.browser.send("Browser.getVersion")  # lets what has come be heard
            time.sleep(0.01)
        raise TimeoutError(method)

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression in the page."""
        return self.send("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def until(self, expression: str, seconds: float = 30) -> bool:
        """Tell whether the expression becomes true within so many seconds."""
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            with suppress(RuntimeError):  # between two pages there is nothing to ask
                if self.evaluate(expression):
                    return True
            time.sleep(0.2)
        return False
