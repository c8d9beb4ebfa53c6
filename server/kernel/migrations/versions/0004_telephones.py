"""Where the two sides of a consultation are telephoned when nothing passes any more."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("sites", "persons"):
        op.add_column(table, sa.Column("telephone", sa.String(length=32), nullable=True))
