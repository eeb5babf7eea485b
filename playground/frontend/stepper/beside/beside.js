// @ts-check
// Two traces side by side: the workbench's own, and that of the document before it. Both are steppers; the second has no
// controls of its own. Its parts stand among those of the first: the text above the text, the graph beside the graph.
import { el, iconButton } from "../../shared/dom.js";
import { fixedFrame, pictureOf } from "../fixed_frame.js";
import { createMenu } from "../menu.js";
import { createDifferences } from "./differences.js";
import { boxMarks } from "../graph/marks.js";
import { acrossFrom, partnerOf, twinOf } from "./pairs.js";

/** @typedef {import("../contract.js").Beside} Beside */
/** @typedef {import("../contract.js").Companion} Companion */
/** @typedef {import("../contract.js").Variant} Variant */
/** @typedef {import("./pairs.js").Side} Side */
/** @typedef {Pick<ReturnType<typeof import("../workbench.js").createWorkbench>, "goto" | "position" | "select" | "obey" | "view" | "mark" | "update" | "tell" | "stop">} Bench */

const OF_ITEMS = ["select", "next", "previous", "open", "close"]; // commands that are about the box or row in the focus

/**
 * @param {(command: string) => void} send
 * @param {(question: object) => void} want asks for what the picture of the document before left out
 * @param {(root: HTMLElement, host: import("../contract.js").Host) => Bench} create makes a workbench
 */
export function createBeside(send, want, create) {
  const menu = createMenu("Compare", "compare", { title: "Put this beside what you change (b)" });
  const differences = createDifferences((keys) => {
    for (const side of sides) alone(() => benches[side]?.select(keys[side], false));
  });
  const sides = /** @type {Side[]} */ ([0, 1]);
  /** @type {(Bench | null)[]} before, now */
  const benches = [null, null];
  /** @type {HTMLElement | null} */
  let root = null; // of the workbench of now
  /** @type {HTMLElement[]} */
  let parts = []; // what the document before has brought in
  /** @type {import("../contract.js").Comparison | null} */
  let comparison = null;
  let stamp = "";
  let isFollowing = false;

  /** @param {() => void} act what moves one of them, to which the other one is not to answer */
  function alone(act) {
    if (isFollowing) return;
    isFollowing = true;
    try {
      act();
    } finally {
      isFollowing = false;
    }
  }
  /** @param {Side} side @returns {Companion} */
  const companion = (side) => ({
    menu: side === 1 ? menu.element : null,
    moved: (k) => alone(() => benches[acrossFrom(side)]?.goto(partnerOf(comparison, side, k))),
    selected(key, isAsked) {
      alone(() => {
        benches[acrossFrom(side)]?.select(twinOf(comparison, side, key), false);
        if (isAsked && key !== null && benches[0]) differences.show(side === 0 ? "before" : "now");
      });
    },
    viewed: (command) => command !== "search" && benches[0] && alone(() => benches[0]?.view(command)),
    obey(command, target) {
      if (side === 0) return false;
      if (command === "compare") send(benches[0] ? "close" : "now");
      else if (benches[0] && OF_ITEMS.includes(command) && parts.some((part) => part.contains(target))) benches[0].obey(command, target);
      else return false;
      return true;
    },
  });

  /** @param {HTMLElement} at */
  function open(at) {
    const other = el("div");
    benches[0] = create(other, { send: null, follows: true, beside: companion(0), want });
    const [source, stage, caption, about] = [".source", ".stage", ".caption", ".about"].map((name) => /** @type {HTMLElement} */ (other.querySelector(name)));
    const [mine, picture, panel] = [".source", ".picture", ".about"].map((name) => /** @type {HTMLElement} */ (at.querySelector(name)));
    const head = (/** @type {string} */ title, /** @type {string} */ label, /** @type {string} */ command) =>
      el(
        "div",
        { class: `side ${title.toLowerCase()}` },
        el("h3", {}, title),
        iconButton("remove", label, () => send(command), { "data-testid": `close-${title.toLowerCase()}` }),
      );
    const heads = [head("Before", "Close this one, keep the other", "close"), head("Now", "Close this one, go back to the other", "back")];
    for (const part of [source, stage, caption, about]) part.classList.add("was");
    for (const part of [source, about]) part.setAttribute("aria-label", `Before: ${part.getAttribute("aria-label")}`);
    source.prepend(el("h3", {}, "Before"));
    const now = el("h3", {}, "Now");
    parts = [source, stage, caption, about, now, ...heads, differences.head, differences.list];
    mine.prepend(source, now);
    picture.querySelector(".stage")?.before(heads[0], stage, caption, heads[1]);
    panel.prepend(differences.head, differences.list, about);
    at.classList.add("two");
    differences.show("differences");
  }
  function close() {
    benches[0]?.stop();
    benches[0] = null;
    if (parts.some((part) => part.matches(":focus-within"))) root?.focus({ preventScroll: true });
    for (const part of parts) part.remove();
    parts = [];
    [comparison, stamp] = [null, ""];
    root?.classList.remove("two");
    markBoth();
  }
  function markBoth() {
    for (const side of sides) {
      benches[side]?.mark(boxMarks(comparison?.differing[side] ?? [], comparison?.alone[side] ?? []));
    }
  }

  return {
    companion: companion(1),
    holds: () => stamp,
    /** @param {HTMLElement} at @param {Bench} bench the workbench of now, and where it stands */
    join(at, bench) {
      [root, benches[1]] = [at, bench];
    },
    /**
     * Shows what the server says, once the workbench of now has shown its own.
     * @param {readonly Variant[] | undefined} variants undefined: there is nothing to compare on this page
     * @param {Beside | null} beside
     */
    show(variants, beside) {
      menu.element.hidden = variants === undefined;
      const offers = (variants ?? []).map(({ name, label }) => ({ title: `with the same ${label}`, testId: `compare-${name}`, choose: () => send(name) }));
      offers.unshift({ title: "with what I change next", testId: "compare-now", choose: () => send("now") });
      if (beside) offers.push({ title: "Swap before and now", testId: "compare-swap", choose: () => send("swap") });
      if (beside) offers.push({ title: "End the comparison", testId: "compare-close", choose: () => send("close") });
      menu.offer(offers);
      if (!beside && benches[0]) close();
      if (!root || !beside) return;
      if (!benches[0]) open(root);
      comparison = beside.comparison;
      differences.tell(beside);
      const k = partnerOf(comparison, 1, benches[1]?.position() ?? 0);
      const { picture } = beside;
      if (picture) alone(() => benches[0]?.update(fixedFrame(pictureOf(picture), stamp ? null : k)));
      else if (beside.stamp !== stamp) send("again"); // it was sent to one that is gone
      if (picture || !beside.stamp) ({ stamp } = beside);
      alone(() => benches[0]?.goto(k));
      benches[0]?.tell(beside.told);
      markBoth();
    },
    stop: () => benches[0]?.stop(),
  };
}
