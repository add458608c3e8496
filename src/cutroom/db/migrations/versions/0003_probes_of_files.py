"""What inspected files declare, kept beside their verdicts"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("scan_results", sa.Column("probe", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("scan_results", "probe")
