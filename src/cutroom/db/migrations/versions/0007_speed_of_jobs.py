"""How fast a job goes lately, for an honest time to go"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("speed", sa.Float(), nullable=True))


def downgrade() -> None:
    op.drop_column("jobs", "speed")
