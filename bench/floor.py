"""The floor: the same screens from bare Flask and SQLAlchemy on the same server and the same data.

One query, one template, no session, no permission, no audit; a write is the one set of statements and a commit. It
shows the cells and keeps the rows of the clinic that the product shows and keeps, no more: no trail, no change row, no
key against a form sent twice, no lock, no look at what stands there. What it keeps it can show: who is registered has
the key that the search looks for, and a decision the suggestion that it answers (ADR 0037). It is not made slower than
it must be: the queries are built once, the tables are plain, the words are in dictionaries.
"""

import os
import secrets
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa
from flask import Flask, redirect, render_template, request
from markupsafe import Markup
from sqlalchemy.dialects import postgresql, sqlite

from triage import knowledge
from triage.db import new_id
from triage.domain.dates import in_era
from triage.domain.names import search_key

OPEN_ORDERS = ("requested", "ordered", "started")
STAGES = {
    "registered": "At the desk", "waiting": "Waiting for the nurse", "imaging": "Imaging", "review": "Surgeon's list",
    "confirmation": "Doctor to confirm", "emergency": "Emergency",
}  # fmt: skip
LEVELS = {
    None: "Not triaged", 1: "Resuscitation", 2: "Emergency", 3: "Urgent", 4: "Less urgent", 5: "Non-urgent",
}  # fmt: skip
SHAPE = '<svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">{}</svg>'
SHAPES = (
    '<circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" stroke-width="2" stroke-dasharray="2.6 2.11"/>',
    '<path d="M5 1h6l4 4v6l-4 4H5l-4-4V5z" fill="currentColor"/>',
    '<path d="M8 1.2 15.2 14.5H.8z" fill="currentColor" stroke="currentColor" stroke-linejoin="round"/>',
    '<path d="M8 .5 15.5 8 8 15.5.5 8z" fill="currentColor"/>',
    '<rect x="1.5" y="1.5" width="13" height="13" rx="1" fill="currentColor"/>',
    '<circle cx="8" cy="8" r="5.8" fill="none" stroke="currentColor" stroke-width="2.4"/>',
)
WARNING = (
    '<svg class="icon" viewBox="0 0 20 20" width="20" height="20" fill="none" stroke="currentColor" stroke-width="1.7" '
    'stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">'
    '<path d="M10 3 2.5 16.5h15zM10 8v4M10 14.2v.3"/></svg>'
)


#: The tables that writes add to.
KEPT = ("patient", "encounter", "triage_decision", "claim", "claim_step", "stage_change", "imaging_order")
#: The product's own: the same promises to who has pressed a button.
PRAGMAS = ("journal_mode=WAL", "synchronous=FULL")


class Floor:
    """The tables as they stand in the database, and the one statement of each screen, built once."""

    def __init__(self, url: str) -> None:
        self.engine = _connect(url)
        self.tables = sa.MetaData()
        self.tables.reflect(self.engine)
        self.board = self._board()
        self.one = self.board.where(self["encounter"].c.id == sa.bindparam("id"))
        with self.engine.connect() as connection:
            self.site = connection.execute(sa.select(self["site"]).order_by(self["site"].c.code)).first()
            self.staff_id = connection.scalar(sa.select(self["staff"].c.id).order_by(self["staff"].c.id))

    def __getitem__(self, name: str) -> sa.Table:
        return self.tables.tables[name]

    def _board(self) -> sa.Select[Any]:
        p, e, claim, alarm = self["patient"].c, self["encounter"].c, self["claim"].c, self["emergency"].c
        order, holder, taker = self["imaging_order"].c, self["staff"].alias(), self["staff"].alias()
        return (
            sa.select(
                e.id, e.ticket, e.arrived_at, e.stage, e.stage_since, e.acuity, e.route, e.complaint, e.unanswered,
                e.suggested_level, e.suggested_route, e.suggested_provisional.label("provisional"),
                e.suggested_flags.label("feared"), p.family_name, p.given_name, p.family_kana, p.given_kana,
                p.birth_date, p.sex, p.language, p.interpreter, p.call_by_number, p.mobility, p.same_name,
                holder.c.name.label("holder"), alarm.id.label("emergency_id"), alarm.called_at,
                taker.c.name.label("acknowledged_by"), order.modality, order.status.label("imaging"),
            )
            .join_from(self["encounter"], self["patient"], p.id == e.patient_id)
            .outerjoin(self["claim"], claim.encounter_id == e.id)
            .outerjoin(holder, holder.c.id == claim.staff_id)
            .outerjoin(self["emergency"], sa.and_(alarm.encounter_id == e.id, alarm.closed_at.is_(None)))
            .outerjoin(taker, taker.c.id == alarm.acknowledged_by)
            .outerjoin(self["imaging_order"], sa.and_(order.encounter_id == e.id, order.status.in_(OPEN_ORDERS)))
            .where(e.site_id == sa.bindparam("site"), e.finished_at.is_(None))
            .order_by(alarm.id.is_(None), e.acuity, e.arrived_at)
        )  # fmt: skip

    def found(self) -> sa.Select[Any]:
        """Return the query of a search: who fits, whether they are here, and when they were last seen."""
        p, e, past = self["patient"].c, self["encounter"].c, self["encounter"].alias().c
        shown = (
            p.id, p.number, p.family_name, p.given_name, p.family_kana, p.given_kana, p.birth_date, p.sex, p.language,
            p.interpreter, p.call_by_number, p.mobility, p.same_name,
        )  # fmt: skip
        gone = sa.and_(past.patient_id == p.id, past.site_id == sa.bindparam("site"), past.finished_at.is_not(None))
        seen = sa.select(sa.func.max(past.arrived_at)).where(gone).scalar_subquery()
        here = sa.and_(e.patient_id == p.id, e.site_id == sa.bindparam("site"), e.finished_at.is_(None))
        query = sa.select(*shown, e.id.label("visit"), e.ticket, seen.label("seen")).outerjoin(self["encounter"], here)
        return query.where(p.search_key.like(sa.bindparam("part"))).order_by(p.family_kana, p.given_kana).limit(8)

    def claimed(self) -> Any:
        """Return the statement that takes a patient whom nobody has, or whoever has them."""
        kind = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[self.engine.dialect.name]
        insert = kind(self["claim"])
        again = {name: insert.excluded[name] for name in ("staff_id", "claimed_at", "active_at", "lease")}
        return insert.on_conflict_do_update(index_elements=["encounter_id"], set_=again)

    def decided(self, names: set[str]) -> sa.Insert:
        """Return the statement that keeps these columns of a decision and the suggestion that stands at the visit."""
        columns, given = self["triage_decision"].c, sorted(names - {"suggestion"})
        values = (sa.bindparam(name, type_=columns[name].type).label(name) for name in given)
        visit = self["encounter"].c
        made = sa.select(*values, visit.suggestion).where(visit.id == sa.bindparam("encounter_id"))
        return sa.insert(self["triage_decision"]).from_select([*given, "suggestion"], made)

    def blank(self, name: str) -> dict[str, Any]:
        """Return a row with what the table wants, empty; asked once for each table."""
        wanted = [c for c in self[name].c if not c.nullable and c.server_default is None]
        empty = {
            str: "",
            int: 0,
            bool: False,
            dict: {},
            object: {},
            datetime: datetime.now(UTC),
            date: datetime.now(UTC).date(),
        }
        return {column.name: empty[column.type.python_type] for column in wanted}


def _connect(url: str) -> sa.Engine:
    if not url.startswith("sqlite"):
        return sa.create_engine(url, pool_size=20)
    engine = sa.create_engine(url, pool_size=20, connect_args={"timeout": 5})
    sa.event.listen(engine, "connect", lambda c, _record: [c.execute(f"PRAGMA {p}") for p in PRAGMAS])
    return engine


def create_app(url: str = "") -> Flask:
    """Return the floor on the database that the product would use."""
    app, floor = Flask(__name__), Floor(url or os.environ["TRIAGE_DATABASE_URL"])
    app.jinja_env.globals.update(_words())
    _reads(app, floor)
    _writes(app, floor)
    return app


def _words() -> dict[str, Any]:
    known = knowledge.load()
    return {
        "levels": LEVELS, "stages": STAGES, "targets": {**known.targets, None: known.untriaged_minutes},
        "warning": Markup(WARNING), "shapes": [Markup(SHAPE.format(shape)) for shape in SHAPES],
        "routes": {route.id: route.label("en") for route in known.routes.values()},
        "findings": {name: finding.label("en") for name, finding in known.findings.items()},
        "modalities": {modality.id: modality.label("en") for modality in known.modalities},
        "minutes": _minutes, "hour": lambda value: f"{value:%H:%M}", "age": _age,
        "moment": lambda value: f"{value:%-d %b %Y %H:%M}", "era": in_era,
    }  # fmt: skip


def _minutes(row: Any) -> int:
    since = row.arrived_at if row.arrived_at.tzinfo else row.arrived_at.replace(tzinfo=UTC)
    return int((datetime.now(UTC) - since).total_seconds() // 60)


def _age(born: date | None) -> int | str:
    return (datetime.now(UTC).date() - born).days // 365 if born else ""


def _reads(app: Flask, floor: Floor) -> None:
    site, found = floor.site.id, floor.found()

    @app.get("/board")
    def board() -> str:
        with floor.engine.connect() as connection:
            return render_template("board.html", rows=connection.execute(floor.board, {"site": site}).all())

    @app.get("/board/rows")
    def rows() -> str:
        with floor.engine.connect() as connection:
            row = connection.execute(floor.one, {"site": site, "id": request.args["id"]}).first()
        return render_template("one.html", r=row)

    @app.get("/patients/search")
    def search() -> str:
        with floor.engine.connect() as connection:
            asked = {"part": f"%|{request.args['q']}%", "site": site}
            rows = connection.execute(found, asked).all()
        return render_template("found.html", rows=rows)


def _writes(app: Flask, floor: Floor) -> None:
    blank = {name: floor.blank(name) for name in KEPT}
    _registration(app, floor, blank)
    _claim(app, floor, blank)
    _routing(app, floor, blank)


def _registration(app: Flask, floor: Floor, blank: dict[str, dict[str, Any]]) -> None:
    patient, encounter, site = sa.insert(floor["patient"]), sa.insert(floor["encounter"]), floor.site

    @app.post("/patients")
    def register() -> Any:
        now, who, visit, form = datetime.now(UTC), new_id(), new_id(), request.form
        names = {name: form[name] for name in ("family_name", "given_name", "family_kana", "given_kana", "sex")}
        person = {"id": who, "organisation_id": site.organisation_id, "number": who, "mobility": "walking"}
        here = {"id": visit, "site_id": site.id, "patient_id": who, "ticket": visit, "stage": "registered"}
        key = search_key(names["family_name"], names["given_name"], names["family_kana"], names["given_kana"])
        born = {"birth_date": date.fromisoformat(form["birth_date"]), "created_at": now, "search_key": key}
        with floor.engine.begin() as connection:
            connection.execute(patient, {**blank["patient"], **person, **names, **born})
            connection.execute(encounter, {**blank["encounter"], **here})
        return redirect(f"/encounters/{visit}/intake", 303)


def _claim(app: Flask, floor: Floor, blank: dict[str, dict[str, Any]]) -> None:
    claimed, step, site = floor.claimed(), sa.insert(floor["claim_step"]), floor.site

    @app.post("/encounters/<encounter_id>/claim")
    def claim(encounter_id: str) -> str:
        now = datetime.now(UTC)
        act = {"id": new_id(), "number": secrets.randbelow(2**31), "encounter_id": encounter_id, "site_id": site.id}
        hands = {"at": now, "staff_id": floor.staff_id, "to_staff_id": floor.staff_id, "act": "claimed"}
        taken = {"encounter_id": encounter_id, "staff_id": floor.staff_id, "claimed_at": now, "active_at": now}
        with floor.engine.begin() as connection:
            connection.execute(step, {**blank["claim_step"], **act, **hands})
            connection.execute(claimed, {**blank["claim"], **taken, "lease": act["id"]})
            row = connection.execute(floor.one, {"site": site.id, "id": encounter_id}).first()
        return render_template("one.html", r=row)


def _routing(app: Flask, floor: Floor, blank: dict[str, dict[str, Any]]) -> None:
    moved, order = (sa.insert(floor[name]) for name in ("stage_change", "imaging_order"))
    decision = floor.decided({*blank["triage_decision"], "id", "encounter_id", "at", "staff_id", "acuity", "route"})
    routed = sa.update(floor["encounter"]).where(floor["encounter"].c.id == sa.bindparam("which"))

    @app.post("/encounters/<encounter_id>/decision")
    def decide(encounter_id: str) -> Any:
        now, form = datetime.now(UTC), request.form
        chosen = {"acuity": int(form["shown_level"]), "route": form["shown_route"]}
        kept = {"encounter_id": encounter_id, "at": now, "staff_id": floor.staff_id}
        asked = {"site_id": floor.site.id, "encounter_id": encounter_id, "modality": form["shown_modality"]}
        by = {"status": "requested", "requested_by": floor.staff_id, "requested_at": now}
        with floor.engine.begin() as connection:
            connection.execute(decision, {**blank["triage_decision"], **kept, **chosen, "id": new_id()})
            connection.execute(moved, {**blank["stage_change"], **kept, "id": new_id(), "to_stage": "imaging"})
            connection.execute(routed, {"which": encounter_id, "stage": "imaging", "stage_since": now, **chosen})
            connection.execute(order, {**blank["imaging_order"], **asked, **by, "id": new_id()})
        return redirect("/board", 303)
