import assert from "node:assert";
import { createClient } from "redis";

const client = createClient({ url: process.env.REDIS_URL });
await client.connect();
const subscriber = await client.duplicate().connect();
const heard = new Promise((resolve) => subscriber.subscribe("clients", resolve));
assert.deepEqual(await client.multi().set("clients:node-redis", "1").incr("clients:node-redis").exec(), ["OK", 2]);
await client.publish("clients", "a");
assert.equal(await heard, "a");
await subscriber.close();
await client.close();
