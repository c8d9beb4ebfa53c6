"""What thin links ask for: the memory and limits of sites, bytes of a stay, reasons of incidents,
stills, and what matters in a seat's pictures."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _columns() -> None:
    """Rows written before have nothing to say here."""
    none = sa.text("0")
    for table, column in (
        ("sites", sa.Column("link_ceiling", sa.Integer(), nullable=True)),
        ("sites", sa.Column("link_bytes", sa.BigInteger(), nullable=True)),
        ("seats", sa.Column("matters", sa.JSON(), nullable=False, server_default="{}")),
        ("attendances", sa.Column("sent", sa.BigInteger(), nullable=False, server_default=none)),
        ("attendances",
         sa.Column("received", sa.BigInteger(), nullable=False, server_default=none)),
        ("incidents", sa.Column("why", sa.String(length=32), nullable=False, server_default="")),
    ):  # fmt: skip
        op.add_column(table, column)


def upgrade() -> None:
    _columns()
    op.create_table(
        "site_links",
        sa.Column("site_id", sa.String(length=24), nullable=False),
        sa.Column("up", sa.BigInteger(), nullable=True),
        sa.Column("down", sa.BigInteger(), nullable=True),
        sa.Column("rtt", sa.Double(), nullable=True),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("measured_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id"], ["sites.id"], name=op.f("fk_site_links_site_id_sites")
        ),
        sa.PrimaryKeyConstraint("site_id", name=op.f("pk_site_links")),
    )
    op.create_table(
        "stills",
        sa.Column("consultation_id", sa.String(length=24), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("seat_id", sa.String(length=24), nullable=False),
        sa.Column("asked_by", sa.String(length=24), nullable=True),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stages", sa.JSON(), nullable=False),
        sa.Column("have", sa.Integer(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultations.id"],
            name=op.f("fk_stills_consultation_id_consultations"),
        ),
        sa.ForeignKeyConstraint(["seat_id"], ["seats.id"], name=op.f("fk_stills_seat_id_seats")),
        sa.ForeignKeyConstraint(["asked_by"], ["seats.id"], name=op.f("fk_stills_asked_by_seats")),
        sa.PrimaryKeyConstraint("consultation_id", "id", name=op.f("pk_stills")),
    )  # fmt: skip
