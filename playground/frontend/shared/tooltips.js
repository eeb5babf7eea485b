// @ts-check
// What a term means, beside it: for a pointer that rests on it, for a finger that taps it, and for the keyboard, which
// reaches it, or the control that it is the label of. It stays while the pointer is on it, and Escape closes it.
import { el } from "./dom.js";

// Over everything, whatever part of the page it is in: each part has these colours.
const TIP_STYLE =
  "position: fixed; inset: auto; margin: 0; padding: 6px 9px; box-sizing: border-box; max-width: min(20rem, calc(100vw - 16px)); " +
  "border: 1px solid var(--line-strong); border-radius: 6px; color: var(--ink); background: var(--surface); font-size: 13px; line-height: 1.4";
const TIP_MARGIN = 8; // px to the edge of the window

let tips = 0;

/**
 * Says what the terms in a part of the page mean.
 * @param {HTMLElement} root
 */
export function explainTerms(root) {
  const tip = el("div", { role: "tooltip", id: `tip-${++tips}`, popover: "manual", style: TIP_STYLE, "data-testid": "tooltip" });
  /** The term. @type {Element | null} */
  let explained = null;
  /** What it is said of to a screen reader: the term, or the control that it is the label of. @type {Element | null} */
  let described = null;
  let byPointer = false; // how the focus came

  /** @param {Element} term @param {Element} [control] that the term is the label of */
  function show(term, control = term) {
    hide();
    tip.textContent = term.getAttribute("data-meaning");
    root.append(tip);
    tip.showPopover?.();
    [explained, described] = [term, control];
    place();
    control.setAttribute("aria-describedby", [control.getAttribute("aria-describedby"), tip.id].filter(Boolean).join(" "));
    document.addEventListener("keydown", onEscape, true);
    document.addEventListener("scroll", place, true);
    document.addEventListener("pointerdown", onPress, true);
  }
  function place() {
    if (explained === null) return;
    const { left, top, bottom } = explained.getBoundingClientRect();
    const { width, height } = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(TIP_MARGIN, Math.min(left, innerWidth - width - TIP_MARGIN))}px`;
    tip.style.top = `${bottom + height > innerHeight ? top - height : bottom}px`; // it touches the term: a pointer gets there
  }
  function hide() {
    if (described === null) return;
    const others = (described.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id !== tip.id);
    if (others.length > 0) described.setAttribute("aria-describedby", others.join(" "));
    else described.removeAttribute("aria-describedby");
    [explained, described] = [null, null];
    tip.remove();
    document.removeEventListener("keydown", onEscape, true);
    document.removeEventListener("scroll", place, true);
    document.removeEventListener("pointerdown", onPress, true);
  }
  /** @param {KeyboardEvent} event */
  function onEscape(event) {
    if (event.key !== "Escape" || !tip.isConnected) return;
    event.preventDefault();
    event.stopPropagation(); // it closes this, and nothing else
    hide();
  }
  /** @param {Event} event */
  function onPress(event) {
    const pressed = event.composedPath();
    if (!pressed.includes(tip) && !(explained && pressed.includes(explained))) hide();
  }
  /** @param {EventTarget | null} target @returns {Element | null} */
  const termAt = (target) => (target instanceof Element ? target.closest("[data-meaning]") : null);

  /** @param {PointerEvent} event */
  function onPointer({ target, pointerType }) {
    if (pointerType === "touch" || (target instanceof Node && tip.contains(target))) return;
    const term = termAt(target);
    if (term && term !== explained) show(term);
    else if (!term && !described?.matches(":focus")) hide();
  }
  /** @param {FocusEvent} event */
  function onFocus({ target }) {
    const came = byPointer;
    byPointer = false;
    if (came || !(target instanceof HTMLElement)) return;
    if (target.matches("[data-meaning]")) return show(target);
    const label = target.closest("label") ?? (target.id ? root.querySelector(`label[for="${CSS.escape(target.id)}"]`) : null);
    const term = label?.querySelector("[data-meaning]");
    if (term) show(term, target);
  }
  const onDown = () => {
    byPointer = true;
  };
  const onUp = () => {
    byPointer = false;
  };
  const onLeave = () => !described?.matches(":focus") && hide();
  /** @param {MouseEvent} event */
  function onClick({ target }) {
    const term = termAt(target);
    if (term) show(term);
  }
  root.addEventListener("pointerdown", onDown);
  root.addEventListener("click", onUp);
  root.addEventListener("click", onClick);
  root.addEventListener("pointerover", onPointer);
  root.addEventListener("pointerleave", onLeave);
  root.addEventListener("focusin", onFocus);
  root.addEventListener("focusout", hide);
}
