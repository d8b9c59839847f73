import assert from "node:assert";
import { createServer } from "node:http";
import { createAdapter } from "@socket.io/redis-adapter";
import { Redis } from "ioredis";
import { Server } from "socket.io";
import { io } from "socket.io-client";

const serve = async () => {
  const publisher = new Redis(process.env.REDIS_URL);
  const server = new Server(createServer().listen(0), { adapter: createAdapter(publisher, publisher.duplicate()) });
  return { server, port: server.httpServer.address().port };
};
const [one, other] = [await serve(), await serve()];
const client = io(`http://127.0.0.1:${other.port}`);
await new Promise((resolve) => client.on("connect", resolve));
const heard = new Promise((resolve) => client.on("word", resolve));
assert.equal((await one.server.fetchSockets()).length, 1);
one.server.emit("word", "a");
assert.equal(await heard, "a");
process.exit(0);
