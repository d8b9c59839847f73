import os
import tempfile
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, inspect

REVISION = """
from alembic import op
import sqlalchemy as sa
revision, down_revision = "1", None
def upgrade():
    op.create_table("alembic_notes", sa.Column("id", sa.Integer, primary_key=True), sa.Column("body", sa.Text))
def downgrade():
    op.drop_table("alembic_notes")
"""
ENVIRONMENT = """
import os
from alembic import context
from sqlalchemy import create_engine
with create_engine(os.environ["DATABASE_URL"]).connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
with tempfile.TemporaryDirectory() as folder:
    (Path(folder) / "versions").mkdir()
    (Path(folder) / "versions/1_notes.py").write_text(REVISION)
    (Path(folder) / "env.py").write_text(ENVIRONMENT)
    config = Config()
    config.set_main_option("script_location", folder)
    command.upgrade(config, "head")
    tables = inspect(create_engine(os.environ["DATABASE_URL"])).get_table_names()
    assert {"alembic_notes", "alembic_version"} <= set(tables)
    command.downgrade(config, "base")
