// Elements in one line. Text goes in as text nodes, so a name is never markup.

const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes (null, undefined and false are left out) and children or text. */
export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if ((value ?? false) === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => (child ?? false) !== false));
  return element;
}

/** Makes `parent` hold exactly `elements` in this order, moving only those out of place. */
export function arrange(parent, elements) {
  elements.forEach((element, index) => {
    if (parent.children[index] !== element) {
      parent.insertBefore(element, parent.children[index] ?? null);
    }
  });
  while (parent.children.length > elements.length) parent.lastElementChild.remove();
}

/** Sets text only where it differs: a screen reader speaks, and a selection is lost, on each. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
