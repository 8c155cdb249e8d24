"""What every template may use: time in the site's zone, names, ages, permissions, the language switch."""

import secrets
from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from babel.dates import format_date
from flask import Flask, current_app, g, request, url_for
from flask_babel import gettext
from markupsafe import Markup
from werkzeug.local import LocalProxy

from triage import clock, device_door, knowledge, web
from triage.domain.access import Actor
from triage.domain.messages import N_
from triage.domain.people import age_in_years
from triage.knowledge import Knowledge
from triage.services import presence, rulesets
from triage.wording import spoken

#: Endpoint, label, permission (one of them is enough) and shortcut (after "g") of the main navigation, in order.
NAVIGATION = (
    ("patients.index", N_("Reception"), "encounters:check_in", "r"),
    ("board.index", N_("Board"), "board:view", "b"),
    ("triage.tasks", N_("Tasks"), "tasks:view", "t"),
    ("imaging.index", N_("Imaging"), "imaging:view", "i"),
    ("consults.index", N_("Surgeon"), "consults:view", "s"),
    ("appointments.index", N_("Appointments"), "appointments:view", "c"),
    ("pathways.index", N_("Pathways"), "pathways:view", "p"),
    ("outcomes.index", N_("Follow-up"), "outcomes:view", "o"),
    ("agreement.index", N_("Agreement"), "agreement:view", "m"),
    ("rulesets.index", N_("Rules"), "rules:view", "l"),
    ("limits.index", N_("Limits"), "limits:propose limits:approve", "w"),
    ("hours.index", N_("Hours"), "hours:manage", "h"),
    ("audit.index", N_("Audit"), "audit:view", "a"),
    ("accounts.staff", N_("Staff"), "staff:manage", "u"),
    ("devices.index", N_("Devices"), "devices:manage", "d"),
    ("scanners.index", N_("Scanners"), "scanners:view", "x"),
)
#: So many stand side by side on a desk's screen; one more alone is no menu.
IN_THE_BAR = 5
#: Blueprints that are reached through another one's place in the navigation.
PART_OF = {
    "appointment_requests": "appointments",
    "calendars": "appointments",
    "same_day": "appointments",
    "surgeons": "appointments",
    "calls": "board",
    "team": "board",
    "views": "board",
    "departures": "board",
    "unmatched": "imaging",
    "returns": "board",
    "days": "board",
    "questions": "triage.tasks",
    "results": "imaging",
    "imaging_orders": "imaging",
    "outcome_exports": "outcomes",
    "outcome_results": "outcomes",
    "outcome_starts": "outcomes",
    "rooms": "accounts",
    "archives": "scanners",
    "rule_drafts": "rulesets",
    "simulations": "rulesets",
}


def init_app(app: Flask) -> None:
    """Give templates their filters and common values."""
    app.jinja_env.filters.update(
        clock=clock_time, moment=moment, day=day, minutes_since=minutes_since, age=age, site_day=site_day,
        weekday=weekday, dayname=dayname,
    )  # fmt: skip
    app.context_processor(_common)
    app.jinja_env.globals.update(known=LocalProxy(_known), signed=signed, rules_signed=LocalProxy(_rules_signed))
    app.jinja_env.globals.update(visitors_of=_visitors_of, stamp=_stamp, fresh_key=_fresh_key)
    # Only the frame of a page asks for these: a partial that is fetched at every change does not pay for them.
    frame: dict[str, Callable[[], Any]] = {"nav": _navigation, "other_locale_url": _other_locale_url, "home_url": _home}
    app.jinja_env.globals.update({name: LocalProxy(value) for name, value in frame.items()})


def _common() -> dict[str, Any]:
    who = _actor()
    return {
        "actor": who,
        "can": lambda permission: bool(who and who.may(permission)),
        "locale": web.locale(),
        "theme": request.cookies.get("theme") if request.cookies.get("theme") in web.THEMES else "auto",
        "public_desk": request.cookies.get(device_door.MARK) == "public",
        "demo": current_app.config["DEMO"],
        "now": clock.now(),
    }


def _actor() -> Actor | None:
    try:
        return web.reader()
    except Exception:  # the database may be away: the error page must still render
        return None


def _known() -> Knowledge:
    """Return the clinic's knowledge with the rules in force at the reader's site, asked for once a request."""
    if "known" not in g:
        who = _actor()
        g.known = rulesets.in_force(who.site_id) if who else knowledge.load()
    found: Knowledge = g.known
    return found


def signed(content_hash: str | None) -> bool:
    """Tell whether the clinical lead at the reader's site has signed the rules with this content hash."""
    if "signed_hashes" not in g:
        who = _actor()
        g.signed_hashes = rulesets.signed_hashes(who.site_id) if who else frozenset()
    return content_hash in g.signed_hashes


def _home() -> str:
    who = _actor()
    return url_for(who.home if who else "accounts.sign_in")


def _visitors_of(encounter: Any) -> list[presence.Visitor]:
    who = _actor()
    return presence.others(who, encounter.id) if who else []


def _stamp() -> str:
    return clock.now().isoformat()


def _fresh_key() -> str:
    return secrets.token_urlsafe(12)


def _rules_signed() -> bool:
    try:
        return _actor() is not None and signed(_known().ruleset.hash)
    except Exception:  # as above: without an answer nothing is signed
        return False


def _navigation() -> list[dict[str, Any]]:
    """Return where this person may go; what comes after the first few stands under "More"."""
    who = _actor()
    if who is None:
        return []
    blueprint = (request.endpoint or "").split(".")[0]
    blueprint = PART_OF.get(blueprint, blueprint)
    mine = [item for item in NAVIGATION if any(who.may(one) for one in item[2].split())]
    inline = IN_THE_BAR if len(mine) > IN_THE_BAR + 1 else len(mine)
    return [
        {
            "url": url_for(endpoint),
            "label": gettext(label),
            "key": key,
            "more": place >= inline,
            "current": endpoint in (request.endpoint, blueprint) or endpoint.split(".")[0] == blueprint != "triage",
        }
        for place, (endpoint, label, _permission, key) in enumerate(mine)
    ]


def _other_locale_url() -> str:
    other = "ja" if web.locale() == "en" else "en"
    kept = [(key, value) for key, value in request.args.items(multi=True) if key != "lang"]
    # A language switch on a page that answered a POST goes back to where the form was.
    return f"{request.path}?{urlencode([*kept, ('lang', other)])}"


def clock_time(value: datetime | None) -> str:
    """Return hours and minutes on the site's clock, "" for None."""
    return value.astimezone(web.zone()).strftime("%H:%M") if value else ""


def moment(value: datetime | None) -> Markup:
    """Return a <time> element: the time today, day and time otherwise, "" for None."""
    if value is None:
        return Markup("")
    zone = web.zone()
    local = value.astimezone(zone)
    today = clock.now().astimezone(zone).date()
    text = f"{local:%H:%M}" if local.date() == today else f"{day(local.date())} {local:%H:%M}"
    return Markup(f'<time datetime="{local.isoformat(timespec="seconds")}">{text}</time>')  # noqa: S704 - only digits and names of months


def day(value: date | None) -> str:
    """Return a date as the reader writes it: 21 Nov 2026, or 2026年11月21日."""
    if value is None:
        return ""
    language = spoken()  # of the paper for a patient, which may not be the reader's
    return _written(value, "y年M月d日" if language == "ja" else "d MMM y", language)


@lru_cache(4096)
def _written(value: date, pattern: str, language: str) -> str:
    return format_date(value, pattern, language)


def weekday(place: int) -> str:
    """Return the short name of a day of the week, 0 for Monday."""
    return dayname(date(2024, 1, 1 + place))  # which was a Monday


def dayname(value: date) -> str:
    """Return the short name of the day of the week that a date is."""
    return _written(value, "EEE", spoken())


def site_day(value: datetime) -> date:
    """Return the day that the site's calendar shows at a moment."""
    return value.astimezone(web.zone()).date()


def minutes_since(value: datetime | None) -> int:
    """Return whole minutes since a moment, never below 0."""
    return max(0, int((clock.now() - value).total_seconds() // 60)) if value else 0


def age(born: date | None) -> int | None:
    """Return the age in full years today at the site, None when the birth date is not known."""
    return age_in_years(born, clock.now().astimezone(web.zone()).date()) if born else None
