"""Sound in the storage: its media type stands with the recording, and what is over is found by state and age.

The sounds in `recording_sounds` stay where they are; the job `move_sounds` moves them to the storage.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Not in a batch: SQLite would copy the table and drop the old one, to which other tables refer.
    op.add_column("recordings", sa.Column("media_type", sa.String(40), nullable=True))
    op.create_index("ix_recordings_state_recorded_at", "recordings", ["state", "recorded_at"])
    # An empty sound stands for one in the storage: the way back wrote it.
    op.execute(
        "UPDATE recordings SET media_type ="
        " (SELECT sounds.media_type FROM recording_sounds AS sounds WHERE sounds.recording_id = recordings.id)"
        " WHERE id IN (SELECT recording_id FROM recording_sounds WHERE length(sound) = 0)"
    )
    op.execute("DELETE FROM recording_sounds WHERE length(sound) = 0")


def downgrade() -> None:
    # The version before knows neither the storage nor these states: it plays an empty sound, and the objects stay.
    empty = "x''" if op.get_bind().dialect.name == "sqlite" else "''::bytea"
    op.execute(
        "INSERT INTO recording_sounds (recording_id, media_type, sound)"
        f" SELECT id, media_type, {empty} FROM recordings WHERE media_type IS NOT NULL AND state IN ('kept', 'expired')"
    )
    op.execute("UPDATE recordings SET state = 'kept' WHERE state = 'expired' AND media_type IS NOT NULL")
    op.execute("UPDATE recordings SET state = 'absent' WHERE state IN ('expired', 'deleted')")
    op.drop_index("ix_recordings_state_recorded_at", "recordings")
    op.drop_column("recordings", "media_type")
