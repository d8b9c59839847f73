import os

from sqlalchemy import JSON, Integer, String, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column


class Base(DeclarativeBase):
    pass


class Note(Base):
    __tablename__ = "sqlalchemy_notes"
    id = mapped_column(Integer, primary_key=True)
    title = mapped_column(String(50), unique=True)
    body = mapped_column(JSON)


engine = create_engine(os.environ["DATABASE_URL"], pool_size=5)
Base.metadata.create_all(engine)
with Session(engine) as session:
    session.query(Note).delete()
    session.add(Note(title="a", body={"n": 1}))
    session.commit()
    assert session.scalars(select(Note.body)).all() == [{"n": 1}]
Base.metadata.drop_all(engine)
