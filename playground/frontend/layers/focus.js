// @ts-check
// The focus outlives a list that is drawn anew: it stays on its control, or follows the layer that was moved.

/** @param {HTMLElement} root */
export function createFocus(root) {
  /** @type {{action: string | null, key: string} | null} */
  let wanted = null;
  /** @type {string | null} */
  let place = null;
  const active = () => /** @type {ShadowRoot | Document} */ (root.getRootNode()).activeElement;
  const control = (/** @type {string} */ name) => /** @type {HTMLElement | null} */ (root.querySelector(`[data-focus="${CSS.escape(name)}"]`));

  return {
    /**
     * What to focus next: `action` of the layer where it then stands, `key` where the server says no place; without an action the control `key`.
     * @param {string | null} action
     * @param {string} key
     */
    want(action, key) {
      wanted = key ? { action, key } : null;
      place = null;
    },
    /** @param {number[] | null} path of the layer that the last edit was about */
    placed(path) {
      place = path && path.join(".");
    },
    /**
     * @param {() => void} draw
     * @param {boolean} isAnswer whether what is drawn is the answer that `want` waits for
     */
    keep(draw, isAnswer) {
      const before = active();
      const name = before instanceof HTMLElement && root.contains(before) ? (before.dataset.focus ?? null) : null;
      const caret = before instanceof HTMLInputElement && before.type === "text" ? [before.selectionStart, before.selectionEnd] : null;
      draw();
      const names = wanted && isAnswer ? (wanted.action ? [`${wanted.action}-${place ?? wanted.key}`, `${wanted.action}-0`, "add-layer"] : [wanted.key]) : [];
      const target = [...names, ...(name ? [name] : [])].map(control).find((found) => found !== null);
      if (isAnswer) wanted = null;
      if (!target || target === active()) return;
      target.focus();
      if (target.dataset.focus === name && caret && target instanceof HTMLInputElement) target.setSelectionRange(caret[0], caret[1]);
    },
  };
}
