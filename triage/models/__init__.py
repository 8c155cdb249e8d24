"""The tables, one file per noun. Importing this package registers them all on ``Base.metadata``."""

from triage.db import Base
from triage.models.accounts import Grant, LoginAttempt, LoginSession, Staff, StaffIdentity
from triage.models.appointments import Appointment, AppointmentRequest, AppointmentStep, BookedSlot, CalendarFeed
from triage.models.audit import AuditEvent, AuditPayload, Change, SiteHead
from triage.models.calls import Call
from triage.models.claims import ClaimStep, Presence
from triage.models.consults import TreatmentAmendment, TreatmentDecision
from triage.models.departures import CallBack, CarryOver, Departure
from triage.models.devices import Device, DeviceToken
from triage.models.downtime import PaperCopy
from triage.models.drafts import Draft, Submission
from triage.models.duty import SavedView, SignOn
from triage.models.emergencies import Emergency, EmergencyWithdrawal
from triage.models.encounters import Claim, Encounter, StageChange
from triage.models.feedback import RuleFeedback, RuleFeedbackAnswer
from triage.models.hours import KeptShare, OpeningException, OpeningHours, SurgeonAbsence, SurgeonWeek
from triage.models.imaging import ExposureRecord, ImagingOrder, ImagingOrderStep
from triage.models.intakes import Finding
from triage.models.limits import LimitDecision, LimitProposal
from triage.models.organisations import Organisation, Room, Site
from triage.models.outcomes import (
    Complication,
    Outcome,
    OutcomeChange,
    OutcomeContact,
    OutcomePoint,
    OutcomeSeries,
)
from triage.models.pathways import Milestone, MilestoneChange, Pathway
from triage.models.patients import Patient, PatientIdentifier
from triage.models.questions import Question
from triage.models.reassessments import Reassessment
from triage.models.returns import ReturnCall, ReturnVisit
from triage.models.rulesets import RulesetPublication, RulesetSignature, RulesetVersion
from triage.models.scanners import ArchivePosition, ImageArchive, Scanner
from triage.models.simulations import Simulation
from triage.models.studies import ImagingReport, ImagingStudy, ProcedureStep
from triage.models.triage import Task, TriageDecision

__all__ = [
    "Appointment",
    "AppointmentRequest",
    "AppointmentStep",
    "ArchivePosition",
    "AuditEvent",
    "AuditPayload",
    "Base",
    "BookedSlot",
    "CalendarFeed",
    "Call",
    "CallBack",
    "CarryOver",
    "Change",
    "Claim",
    "Complication",
    "Device",
    "DeviceToken",
    "ClaimStep",
    "Departure",
    "Draft",
    "Emergency",
    "EmergencyWithdrawal",
    "Encounter",
    "ExposureRecord",
    "Finding",
    "Grant",
    "ImageArchive",
    "ImagingOrder",
    "ImagingOrderStep",
    "ImagingReport",
    "ImagingStudy",
    "ProcedureStep",
    "Scanner",
    "LimitDecision",
    "LimitProposal",
    "LoginAttempt",
    "LoginSession",
    "KeptShare",
    "SurgeonAbsence",
    "SurgeonWeek",
    "OpeningException",
    "OpeningHours",
    "Milestone",
    "MilestoneChange",
    "Organisation",
    "Outcome",
    "OutcomeChange",
    "OutcomeContact",
    "OutcomePoint",
    "OutcomeSeries",
    "PaperCopy",
    "Pathway",
    "Patient",
    "PatientIdentifier",
    "Presence",
    "Question",
    "Reassessment",
    "ReturnCall",
    "ReturnVisit",
    "Room",
    "RuleFeedback",
    "RuleFeedbackAnswer",
    "RulesetPublication",
    "RulesetSignature",
    "RulesetVersion",
    "SavedView",
    "SignOn",
    "Simulation",
    "Site",
    "SiteHead",
    "Staff",
    "StaffIdentity",
    "StageChange",
    "Submission",
    "Task",
    "TreatmentAmendment",
    "TreatmentDecision",
    "TriageDecision",
]
