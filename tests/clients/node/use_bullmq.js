import assert from "node:assert";
import { Queue, QueueEvents, Worker } from "bullmq";
import { Redis } from "ioredis";

const connect = () => new Redis(process.env.REDIS_URL, { maxRetriesPerRequest: null });
const queue = new Queue("clients", { connection: connect() });
const events = new QueueEvents("clients", { connection: connect() });
const worker = new Worker("clients", async (job) => job.data.a + job.data.b, { connection: connect() });
await events.waitUntilReady();
const job = await queue.add("add", { a: 1, b: 2 });
assert.equal(await job.waitUntilFinished(events, 20_000), 3);
assert.equal((await queue.getWorkers()).length, 1);
await worker.close();
await events.close();
await queue.obliterate({ force: true });
await queue.close();
process.exit(0);
