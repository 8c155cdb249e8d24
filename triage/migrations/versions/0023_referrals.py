"""What a referral lacked when the patient went to the surgeon, and why; questions between surgeon and nurse."""

import sqlalchemy as sa
from alembic import op

from triage.db import UTC, new_id

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

NAMES = ("referral_lacks", "without")
OPEN = sa.text("ended_at IS NULL")
#: What a surgeon asked on sending a patient back, where neither nurse nor surgeon has decided since.
ASKED = sa.text(
    "SELECT e.site_id, e.id AS encounter_id, t.note AS words, t.staff_id AS asked_by, t.at AS asked_at, t.at AS due_at "
    "FROM treatment_decision t JOIN encounter e ON e.id = t.encounter_id "
    "WHERE t.kind = 'back_to_nurse' AND e.stage = 'waiting' "
    "AND NOT EXISTS (SELECT 1 FROM treatment_decision s WHERE s.encounter_id = e.id AND s.at > t.at) "
    "AND NOT EXISTS (SELECT 1 FROM triage_decision d WHERE d.encounter_id = e.id AND d.at > t.at)"
)


def upgrade() -> None:
    """Add them; of earlier decisions nothing is known."""
    for name in NAMES:
        op.add_column("triage_decision", sa.Column(name, sa.String(), server_default="", nullable=False))
    _create_questions()
    op.create_index(
        "ix_question_open", "question", ["site_id", "due_at"], unique=False, sqlite_where=OPEN, postgresql_where=OPEN
    )
    op.create_index("ix_question_encounter_id_asked_at", "question", ["encounter_id", "asked_at"], unique=False)
    _keep_what_is_asked()


def _keep_what_is_asked() -> None:
    """Whoever waits for the nurse with a surgeon's question still waits with it."""
    connection = op.get_bind()
    for row in connection.execute(ASKED).mappings().all():
        values = {"id": new_id(), "version": 1, "updated_by": "", "to_role": "nurse", "answer": "", **row}
        connection.execute(sa.insert(sa.table("question", *(sa.column(name) for name in values))), values)


def _create_questions() -> None:
    op.create_table(
        "question",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_by", sa.String(), nullable=False),
        sa.Column("updated_at", UTC(), nullable=True),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("encounter_id", sa.String(), nullable=False),
        sa.Column("to_role", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_at", UTC(), nullable=False),
        sa.Column("due_at", UTC(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("answered_by", sa.String(), nullable=True),
        sa.Column("answered_at", UTC(), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.Column("ended_at", UTC(), nullable=True),
        sa.Column("entered_at", UTC(), nullable=True),
        sa.ForeignKeyConstraint(["answered_by"], ["staff.id"], name=op.f("fk_question_answered_by")),
        sa.ForeignKeyConstraint(["asked_by"], ["staff.id"], name=op.f("fk_question_asked_by")),
        sa.ForeignKeyConstraint(["encounter_id"], ["encounter.id"], name=op.f("fk_question_encounter_id")),
        sa.ForeignKeyConstraint(["ended_by"], ["staff.id"], name=op.f("fk_question_ended_by")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_question_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question")),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("question")
    for name in NAMES:
        op.drop_column("triage_decision", name)
