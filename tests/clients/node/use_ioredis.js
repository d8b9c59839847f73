import assert from "node:assert";
import { Redis } from "ioredis";

const client = new Redis(process.env.REDIS_URL, { maxRetriesPerRequest: 1 });
assert.deepEqual(await client.multi().set("clients:ioredis", 1).incr("clients:ioredis").exec(), [[null, "OK"], [null, 2]]);
client.defineCommand("twice", { numberOfKeys: 1, lua: "return redis.call('GET', KEYS[1]) * 2" });
assert.equal(await client.twice("clients:ioredis"), 4);
await client.quit();
