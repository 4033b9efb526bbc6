// Which names have room on the map. Pure; pixels.

const CELL = 64;

/** The room that boxes `{x, y, width, height}` take; x, y is the upper left corner. */
export class Room {
  constructor() {
    this.cells = new Map();
  }

  /** Takes the room of a box, whether or not it was free. */
  take(box) {
    for (const key of keys(box)) {
      const cell = this.cells.get(key);
      if (cell) cell.push(box);
      else this.cells.set(key, [box]);
    }
  }

  /** Takes it where it is free; whether it was. */
  claim(box) {
    for (const key of keys(box)) {
      for (const other of this.cells.get(key) ?? []) if (overlap(box, other)) return false;
    }
    this.take(box);
    return true;
  }
}

function* keys({ x, y, width, height }) {
  for (let column = Math.floor(x / CELL); column <= (x + width) / CELL; column += 1) {
    for (let row = Math.floor(y / CELL); row <= (y + height) / CELL; row += 1) yield column * 65536 + row;
  }
}

function overlap(a, b) {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}
