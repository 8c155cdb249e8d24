"""Who may do what: one grant table of roles and duties, and the actor every service verb is given first.

A permission reads ``noun:verb``. Whatever is not granted here is refused.
"""

from dataclasses import dataclass, field

PUBLIC = "public"
SIGNED_IN = "signed_in"

_CARE = frozenset({
    "board:view",
    "patients:open",
    "patients:search",
    "emergencies:raise",
    "calls:make",
    "team:sign_on",
    "board:print",
    "limits:view",
    "hours:view",
    "appointments:view",
    "pathways:view",
    "pathways:work",
    "outcomes:view",
})  # fmt: skip
_DESK = _CARE | {
    "patients:create",
    "patients:edit",
    "encounters:check_in",
    "encounters:leave",
    "intakes:record",
    "appointments:book",
    "surgeons:plan",
    "pathways:plan",
    "returns:arrange",
    "outcomes:record",
}
_CLINICAL = _CARE | {
    "findings:record",
    "encounters:claim",
    "claims:hold",
    "triage:decide",
    "emergencies:work",
    "emergencies:withdraw",
    "imaging:view",
    "imaging:schedule",
    "imaging:answer",
    "imaging:change",
    "imaging:look",
    "tasks:view",
    "pathways:end",
    "questions:view",
    "questions:ask",
    "outcomes:record",
    "complications:note",
}

#: Role or duty -> the permissions it holds. An administrator opens no record, lowers no acuity, publishes no rules.
GRANTS: dict[str, frozenset[str]] = {
    "reception": _DESK | {"days:end"},
    "nurse": _DESK | _CLINICAL | {"rules:view"},
    "surgeon": _CLINICAL
    | {"intakes:record", "imaging:order", "imaging:sign", "consults:view", "consults:decide", "pathways:plan"}
    | {"rules:draft", "rules:view", "agreement:view", "calendar:own", "appointments:book", "surgeons:plan"}
    | {"results:own", "reports:write", "reports:see"},
    "radiographer": _CARE
    | {"imaging:view", "imaging:perform", "imaging:schedule", "imaging:answer", "claims:hold", "reports:write"}
    | {"scanners:view", "imaging:match", "imaging:look"},
    "admin": frozenset({"staff:manage", "rooms:manage", "devices:manage", "rules:view"})
    | {"scanners:view", "scanners:manage"}
    | {"limits:view", "limits:propose", "hours:view", "hours:manage", "surgeons:plan"},
    "auditor": frozenset({"audit:view", "rules:view", "agreement:view", "limits:view"}),
    "lead_nurse": frozenset({"claims:take_over", "days:end", "imaging:match"})
    | {"rules:draft", "rules:view", "agreement:view", "limits:view"},
    "clinical_lead": frozenset({"rules:publish", "rules:draft", "rules:view", "agreement:view", "feedback:answer"})
    | {"limits:view", "limits:approve", "results:own", "results:all", "outcomes:export"},
}
#: The role of the command that prints the board on a timer: no person can be granted it.
PRINTER = "printer"
GRANTS[PRINTER] = frozenset({"board:view", "board:print", "patients:open"})
#: The role in which a scanner or the archive tells what it did: no person can be granted it.
MACHINE = "machine"
GRANTS[MACHINE] = frozenset({"imaging:view", "patients:open"})
ROLES = ("reception", "nurse", "surgeon", "radiographer", "admin", "auditor")
DUTIES = ("lead_nurse", "clinical_lead")
PERMISSIONS = frozenset().union(*GRANTS.values())

#: Kind of an enrolled device -> what its token opens: these endpoints and no other. No role holds any of it.
DEVICE_GRANTS: dict[str, frozenset[str]] = {"wall": frozenset({"device:wall"}), "public_desk": frozenset()}
DEVICE_PERMISSIONS = frozenset().union(*DEVICE_GRANTS.values())

#: Role -> the endpoint a person lands on after signing in; the first role held wins.
HOME = {
    "reception": "patients.index",
    "nurse": "board.index",
    "surgeon": "consults.index",
    "radiographer": "imaging.index",
    "auditor": "audit.index",
    "admin": "accounts.staff",
}


@dataclass(frozen=True)
class Screen:
    """An enrolled device at one site. It reads what its kind may read, writes nothing, and is never a person."""

    device_id: str
    site_id: str
    kind: str
    name: str
    time_zone: str = "Asia/Tokyo"
    room_id: str | None = None

    def may(self, permission: str) -> bool:
        """Tell whether the device's kind opens what asks for this permission."""
        return permission in DEVICE_GRANTS.get(self.kind, ())


@dataclass(frozen=True)
class Actor:
    """A signed-in person at one site, with the roles and duties granted there today."""

    staff_id: str
    name: str
    organisation_id: str
    site_id: str
    site_name: str = ""
    time_zone: str = "Asia/Tokyo"
    roles: frozenset[str] = field(default_factory=frozenset)
    site_name_ja: str = ""

    def site_in(self, locale: str) -> str:
        """Return the site's name in a language: Japanese where there is one, else the first name."""
        return (self.site_name_ja if locale == "ja" else "") or self.site_name

    def may(self, permission: str) -> bool:
        """Tell whether one of the actor's roles or duties holds the permission."""
        for role in self.roles:  # a page asks often: a loop takes half as long as any()
            if permission in GRANTS.get(role, ()):
                return True
        return permission in (PUBLIC, SIGNED_IN)

    @property
    def home(self) -> str:
        """Return the endpoint on which this person starts the day."""
        return next((HOME[role] for role in HOME if role in self.roles), "accounts.me")
