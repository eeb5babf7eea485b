// @ts-check
// What a visitor does, posted to the session itself, which answers with the next frame (docs/stepper.md). Where that
// fails, it goes through Streamlit's socket, which always works and takes longer.

/** @typedef {{path: string, ticket: string}} Direct where a session answers */
/** @typedef {{sequence: number, [more: string]: unknown}} Edit the newer, the larger its number */

/**
 * @template {{sequence: number, direct?: Direct | null}} F
 * @param {{take: (frame: F) => void, pass: (edit: Edit) => void, keepsAll?: boolean}} host `take` shows an answer, `pass`
 *   sends an edit through the socket; of edits that come while another one is being answered the last one says all,
 *   unless it is one that `keepsAll`
 */
export function createDirect({ take, pass, keepsAll = false }) {
  /** @type {Direct | null} of the session whose frames are shown */
  let session = null;
  /** @type {Direct | null} where it answers; null: it does not */
  let address = null;
  /** @type {Edit[]} while another one is being answered */
  let waiting = [];
  let isAsking = false;
  let newest = -Infinity; // of its answers

  /** @param {Edit} edit @param {Direct} to @returns {Promise<F>} */
  async function post(edit, { path, ticket }) {
    const body = JSON.stringify({ ticket, edit });
    const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body });
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
    return answer.json(); // the page of a proxy is none
  }
  async function ask() {
    isAsking = true;
    try {
      await askForAll();
    } finally {
      isAsking = false; // also where an answer could not be shown
    }
  }
  /** Asks for one answer after the other. */
  async function askForAll() {
    for (let edit = waiting.shift(); edit; edit = waiting.shift()) {
      const to = address;
      const frame = to && (await post(edit, to).catch(() => null));
      if (to !== address)
        putBack(edit); // another session has taken over meanwhile
      else if (frame) {
        newest = Math.max(newest, frame.sequence);
        take(frame);
      } else {
        address = null;
        putBack(edit);
        pass(waiting.shift() ?? edit);
      }
    }
  }
  /** @param {Edit} edit that was not answered: it comes before what came later, which may say all by itself */
  function putBack(edit) {
    if (keepsAll || waiting.length === 0) waiting.unshift(edit);
  }
  return {
    /** @param {Edit} edit @returns {Promise<void> | undefined} until nothing waits; undefined: others are being asked already */
    send(edit) {
      waiting = keepsAll ? [...waiting, edit] : [edit];
      return isAsking ? undefined : ask();
    },
    /**
     * Takes note of a frame that came through the socket.
     * @param {F} frame
     * @returns {boolean} whether it is to be shown: not where an answer has said more since
     */
    accept(frame) {
      const { direct = null } = frame;
      if (direct?.ticket !== session?.ticket) [session, address, newest] = [direct, direct, -Infinity];
      return frame.sequence >= newest;
    },
  };
}
