// Edits that are posted to the session: one at a time, the last one in the end, and through the socket where that fails.
import assert from "node:assert/strict";
import { test } from "node:test";

import { createDirect } from "../../playground/frontend/shared/direct.js";

const HERE = { path: "/direct-edit", ticket: "one" };
const settled = () => new Promise((done) => setTimeout(done, 0));

/** A server whose answers wait until they are let go, and what came of them. */
function playedDirect(direct = HERE, keepsAll = false) {
  const [posted, shown, passed] = [[], [], []];
  globalThis.fetch = (path, { body }) =>
    new Promise((answer) => {
      const { ticket, edit } = JSON.parse(body);
      posted.push({ path, ticket, edit, answer: (frame) => answer({ ok: true, json: async () => frame }), refuse: (status) => answer({ ok: false, status }) });
    });
  const part = createDirect({ take: (frame) => shown.push(frame.sequence), pass: (edit) => passed.push(edit.sequence), keepsAll });
  assert.equal(part.accept({ sequence: 0, direct }), true);
  return { part, posted, shown, passed };
}

test("an edit is posted with its ticket, and its answer shown", async () => {
  const { part, posted, shown, passed } = playedDirect();
  part.send({ sequence: 1, text: "x" });
  assert.deepEqual([posted[0].path, posted[0].ticket, posted[0].edit], ["/direct-edit", "one", { sequence: 1, text: "x" }]);
  posted[0].answer({ sequence: 1 });
  await settled();
  assert.deepEqual([shown, passed], [[1], []]);
});

test("of edits that come meanwhile only the last one is posted", async () => {
  const { part, posted, shown } = playedDirect();
  for (const sequence of [1, 2, 3]) part.send({ sequence });
  assert.equal(posted.length, 1);
  posted[0].answer({ sequence: 1 });
  await settled();
  assert.deepEqual([posted.length, posted[1].edit.sequence], [2, 3]);
  posted[1].answer({ sequence: 3 });
  await settled();
  assert.deepEqual(shown, [1, 3]);
});

test("what is refused goes through the socket, and so does all that follows", async () => {
  const { part, posted, shown, passed } = playedDirect();
  part.send({ sequence: 1 });
  part.send({ sequence: 2 });
  posted[0].refuse(404);
  await settled();
  part.send({ sequence: 3 });
  await settled();
  assert.deepEqual([posted.length, shown, passed], [1, [], [2, 3]]);
  part.accept({ sequence: 3, direct: HERE });
  part.send({ sequence: 4 });
  await settled();
  assert.deepEqual([posted.length, passed], [1, [2, 3, 4]], "the same session is not tried again");
});

test("a page that is no frame goes through the socket, too", async () => {
  const { part, passed } = playedDirect();
  globalThis.fetch = async () => ({ ok: true, json: async () => JSON.parse("<html>") });
  part.send({ sequence: 1 });
  await settled();
  assert.deepEqual(passed, [1]);
});

test("where nobody answers, edits go through the socket", async () => {
  const { part, posted, passed } = playedDirect(null);
  part.send({ sequence: 1 });
  await settled();
  assert.deepEqual([posted.length, passed], [0, [1]]);
});

test("an older frame of the socket is not shown after a newer answer, one of another session is", async () => {
  const { part, posted } = playedDirect();
  part.send({ sequence: 5 });
  posted[0].answer({ sequence: 5 });
  await settled();
  assert.equal(part.accept({ sequence: 4, direct: HERE }), false);
  assert.equal(part.accept({ sequence: 5, direct: HERE }), true);
  assert.equal(part.accept({ sequence: 0, direct: { ...HERE, ticket: "two" } }), true);
});

test("an edit whose session has ended is posted to the one that took over", async () => {
  const { part, posted, shown } = playedDirect();
  part.send({ sequence: 1 });
  part.accept({ sequence: 0, direct: { ...HERE, ticket: "two" } });
  posted[0].refuse(404);
  await settled();
  assert.deepEqual([posted[1].ticket, posted[1].edit.sequence], ["two", 1]);
  posted[1].answer({ sequence: 1 });
  await settled();
  assert.deepEqual(shown, [1]);
});

test("where each one counts, all are posted in their order", async () => {
  const { part, posted, shown, passed } = playedDirect(HERE, true);
  for (const sequence of [1, 2, 3]) part.send({ sequence });
  posted[0].answer({ sequence: 1 });
  await settled();
  posted[1].refuse(404);
  await settled();
  assert.deepEqual([posted.length, shown, passed], [2, [1], [2, 3]]);
});

test("an answer that cannot be shown keeps nothing from being asked", async () => {
  const posted = [];
  globalThis.fetch = async (_, { body }) => (posted.push(JSON.parse(body).edit.sequence), { ok: true, json: async () => ({ sequence: 1 }) });
  const part = createDirect({ take: () => assert.fail("it cannot be shown"), pass: () => {} });
  part.accept({ sequence: 0, direct: HERE });
  for (const sequence of [1, 2]) await assert.rejects(part.send({ sequence }), /cannot be shown/);
  assert.deepEqual(posted, [1, 2]);
});
