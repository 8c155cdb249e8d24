"""Patient: the person, known to the organisation, with identifiers by issuer."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, ForeignKey, Index, UniqueConstraint, and_, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from triage.db import Base, Row
from triage.domain.access import Actor
from triage.domain.names import initials
from triage.models.versioned import Versioned


class Named:
    """Whoever has a name and its reading, as a row of a table or as what a list shows of one."""

    __slots__ = ()

    if TYPE_CHECKING:
        family_name: Mapped[str]
        given_name: Mapped[str]
        family_kana: Mapped[str]
        given_kana: Mapped[str]
        call_by_number: Mapped[bool]

    @property
    def name(self) -> str:
        """Return family and given name, family first."""
        return f"{self.family_name} {self.given_name}".strip()

    @property
    def kana(self) -> str:
        """Return the reading of the name."""
        return f"{self.family_kana} {self.given_kana}".strip()

    @property
    def initials(self) -> str:
        """Return what privacy mode shows instead of the name."""
        return initials(self.family_kana, self.given_kana, self.call_by_number)


class Patient(Named, Versioned, Base):
    """One person. What is not known is NULL or "", never a guess."""

    __tablename__ = "patient"
    __table_args__ = (
        UniqueConstraint("organisation_id", "number"),
        Index("ix_patient_organisation_id_birth_date", "organisation_id", "birth_date"),
        Index("ix_patient_organisation_id_family_kana", "organisation_id", "family_kana", "given_kana"),
        Index("ix_patient_organisation_id_whole_name", "organisation_id", "whole_name"),
        Index("ix_patient_organisation_id_whole_kana", "organisation_id", "whole_kana"),
    )

    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"))
    number: Mapped[str]
    family_name: Mapped[str]
    given_name: Mapped[str]
    family_kana: Mapped[str] = mapped_column(default="")
    given_kana: Mapped[str] = mapped_column(default="")
    search_key: Mapped[str] = mapped_column(default="")  # folded kanji, kana and romaji; see domain/names.py
    whole_name: Mapped[str] = mapped_column(default="", server_default="")  # folded, as one word
    whole_kana: Mapped[str] = mapped_column(default="", server_default="")  # and with short vowels
    birth_date: Mapped[date | None]
    sex: Mapped[str] = mapped_column(default="unknown")  # male, female, other, unknown (FHIR administrative gender)
    phone: Mapped[str] = mapped_column(default="")
    contact_name: Mapped[str] = mapped_column(default="")
    contact_phone: Mapped[str] = mapped_column(default="")
    contact_relation: Mapped[str] = mapped_column(default="")
    language: Mapped[str] = mapped_column(default="ja")
    interpreter: Mapped[bool] = mapped_column(default=False)
    call_by_number: Mapped[bool] = mapped_column(default=False)
    mobility: Mapped[str] = mapped_column(default="walking")  # walking, wheelchair, stretcher
    allergies: Mapped[str] = mapped_column(default="")
    medicines: Mapped[str] = mapped_column(default="")
    anticoagulant: Mapped[str] = mapped_column(default="")  # the medicine's name; "" is not recorded, never "none"
    implants: Mapped[str] = mapped_column(default="")  # pacemaker or metal
    same_name: Mapped[bool] = mapped_column(default=False)  # another person of this name is on file
    unverified: Mapped[bool] = mapped_column(default=False, server_default=false())  # entered on the telephone
    created_at: Mapped[datetime]
    identifiers: Mapped[list["PatientIdentifier"]] = relationship(back_populates="patient", lazy="raise")

    def as_dict(self) -> dict[str, Any]:
        """Return the columns by name."""
        return {column.key: getattr(self, column.key) for column in self.__mapper__.column_attrs}

    def identifier(self, issuer: str) -> str:
        """Return the number by which an issuer knows the patient, "" when none is on file."""
        return next((row.value for row in self.identifiers if row.issuer == issuer), "")

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        """Return the condition under which the actor may see a patient: same organisation, a role in care."""
        if not actor.may("patients:open"):
            return false()
        return and_(cls.organisation_id == actor.organisation_id)


class PatientIdentifier(Row, Base):
    """A number that some issuer (insurer, receipt system, other hospital) knows the patient by."""

    __tablename__ = "patient_identifier"
    __table_args__ = (UniqueConstraint("organisation_id", "issuer", "value"),)

    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"))
    patient_id: Mapped[str] = mapped_column(ForeignKey("patient.id"), index=True)
    issuer: Mapped[str]
    value: Mapped[str]
    patient: Mapped[Patient] = relationship(back_populates="identifiers", lazy="raise")
