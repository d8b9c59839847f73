import os

from langgraph.checkpoint.base import empty_checkpoint
from langgraph.checkpoint.postgres import PostgresSaver
from langgraph.store.postgres import PostgresStore

with PostgresSaver.from_conn_string(os.environ["DATABASE_URL"]) as saver:
    saver.setup()
    config = {"configurable": {"thread_id": "clients", "checkpoint_ns": ""}}
    saver.put(config, empty_checkpoint(), {"source": "input", "step": 1}, {})
    assert saver.get_tuple(config).metadata["step"] == 1
    saver.delete_thread("clients")
with PostgresStore.from_conn_string(os.environ["DATABASE_URL"]) as store:
    store.setup()
    store.put(("memories",), "a", {"n": 1})
    assert store.get(("memories",), "a").value == {"n": 1}
