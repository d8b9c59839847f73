import assert from "node:assert";
import PgBoss from "pg-boss";

const boss = new PgBoss(process.env.DATABASE_URL);
boss.on("error", (error) => { throw error; });
await boss.start();
await boss.createQueue("clients");
const id = await boss.send("clients", { n: 1 });
const [job] = await boss.fetch("clients");
assert.deepEqual([job.id, job.data], [id, { n: 1 }]);
await boss.complete("clients", id);
await boss.stop({ graceful: false });
