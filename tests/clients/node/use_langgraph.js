import assert from "node:assert";
import { emptyCheckpoint } from "@langchain/langgraph-checkpoint";
import { PostgresSaver } from "@langchain/langgraph-checkpoint-postgres";

// In a schema of its own: the tables of the Python library have the same names, and other columns.
const saver = PostgresSaver.fromConnString(process.env.DATABASE_URL, { schema: "langgraph_js" });
await saver.setup();
const config = { configurable: { thread_id: "clients", checkpoint_ns: "" } };
await saver.put(config, emptyCheckpoint(), { source: "input", step: 1, parents: {} }, {});
assert.equal((await saver.getTuple(config)).metadata.step, 1);
await saver.end();
