"""Téléexpertise: requests, what happened to them, opinions, photographs; and who is an expert of
what. A signed opinion refuses to be changed, as the audit log does."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ID, CODE = sa.String(length=24), sa.String(length=32)
MOMENT = sa.DateTime(timezone=True)

POSTGRES = (
    """
    CREATE FUNCTION signed_opinion_stays() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'a signed opinion stays as it is';
    END $$
    """,
    """
    CREATE TRIGGER opinion_no_change BEFORE UPDATE OR DELETE ON opinions
    FOR EACH ROW WHEN (OLD.signed_at IS NOT NULL) EXECUTE FUNCTION signed_opinion_stays()
    """,
)
SQLITE = (
    """
    CREATE TRIGGER opinion_no_update BEFORE UPDATE ON opinions WHEN OLD.signed_at IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'a signed opinion stays as it is'); END
    """,
    """
    CREATE TRIGGER opinion_no_delete BEFORE DELETE ON opinions WHEN OLD.signed_at IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'a signed opinion stays as it is'); END
    """,
    """
    CREATE TRIGGER opinion_no_replace BEFORE INSERT ON opinions
    WHEN EXISTS (SELECT 1 FROM opinions WHERE signed_at IS NOT NULL AND
                 (id = NEW.id OR (case_id = NEW.case_id AND number = NEW.number)))
    BEGIN SELECT RAISE(ABORT, 'a signed opinion stays as it is'); END
    """,
)


def _column(name: str, kind: sa.types.TypeEngine[Any], nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=nullable)


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}_{to}"))


def _index(table: str, *columns: str) -> None:
    for column in columns:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def _cases() -> None:
    op.create_table(
        "cases",
        _column("id", ID),
        _column("organisation_id", ID),
        _column("site_id", ID, nullable=True),
        _column("requester_id", ID),
        _column("patient_id", ID),
        _column("specialty", CODE),
        _column("to_organisation_id", ID),
        _column("expert_id", ID, nullable=True),
        _column("status", CODE),
        _column("version", sa.Integer()),
        _column("question", sa.Text()),
        _column("context", sa.JSON()),
        _column("urgency", CODE),
        _column("consent", sa.Boolean(), nullable=True),
        _column("consent_at", MOMENT, nullable=True),
        _column("created_at", MOMENT),
        _column("submitted_at", MOMENT, nullable=True),
        _column("due_at", MOMENT, nullable=True),
        _column("paused_at", MOMENT, nullable=True),
        _column("late_since", MOMENT, nullable=True),
        _column("wrapped_key", sa.String(length=255)),
        _refers("cases", "organisation_id", "organisations"),
        _refers("cases", "site_id", "sites"),
        _refers("cases", "requester_id", "persons"),
        _refers("cases", "patient_id", "patients"),
        _refers("cases", "to_organisation_id", "organisations"),
        _refers("cases", "expert_id", "persons"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
    )
    _index("cases", "organisation_id", "site_id", "requester_id", "specialty",
           "to_organisation_id", "expert_id", "status", "due_at")  # fmt: skip


def _events() -> None:
    op.create_table(
        "case_events",
        _column("case_id", ID),
        _column("number", sa.Integer()),
        _column("at", MOMENT),
        _column("person_id", ID, nullable=True),
        _column("act", CODE),
        _column("status", CODE),
        _column("text", sa.Text()),
        _refers("case_events", "case_id", "cases"),
        _refers("case_events", "person_id", "persons"),
        sa.PrimaryKeyConstraint("case_id", "number", name=op.f("pk_case_events")),
    )


def _opinions() -> None:
    op.create_table(
        "opinions",
        _column("id", ID),
        _column("case_id", ID),
        _column("number", sa.Integer(), nullable=True),
        _column("author_id", ID),
        _column("revision", sa.Integer()),
        _column("content", sa.JSON()),
        _column("saved_at", MOMENT),
        _column("signed_at", MOMENT, nullable=True),
        _column("signed_by", sa.String(length=200)),
        _column("proof", CODE),
        _column("digest", sa.String(length=64)),
        _refers("opinions", "case_id", "cases"),
        _refers("opinions", "author_id", "persons"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opinions")),
        sa.UniqueConstraint("case_id", "number", name=op.f("uq_opinions_case_id")),
    )
    _index("opinions", "case_id")


def _images() -> None:
    op.create_table(
        "case_images",
        _column("id", ID),
        _column("case_id", ID),
        _column("person_id", ID),
        _column("view", CODE),
        _column("name", sa.String(length=200)),
        _column("length", sa.BigInteger()),
        _column("sha256", sa.String(length=64)),
        _column("state", CODE),
        _column("why", CODE),
        _column("sizes", sa.JSON()),
        _column("created_at", MOMENT),
        _column("expires_at", MOMENT),
        _column("kept_at", MOMENT, nullable=True),
        _refers("case_images", "case_id", "cases"),
        _refers("case_images", "person_id", "persons"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_images")),
    )
    _index("case_images", "case_id")


def upgrade() -> None:
    op.add_column(
        "persons", sa.Column("specialties", sa.JSON(), nullable=False, server_default="[]")
    )
    for make in (_cases, _events, _opinions, _images):
        make()
    postgres = op.get_bind().dialect.name == "postgresql"
    for statement in POSTGRES if postgres else SQLITE:
        op.execute(statement)
